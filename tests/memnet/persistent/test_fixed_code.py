import pytest
import torch

from memnet.persistent.fixed_code import FixedCode, code_bytes, cosine_transform


def images(count: int = 40, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 4, 6, generator=torch.Generator().manual_seed(seed))


def calibrated(width: int) -> FixedCode:
    code = FixedCode((4, 6), width)
    code.calibrate(images())
    return code


def test_transform_is_orthonormal() -> None:
    matrix = cosine_transform(7)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(7))


def test_whole_code_is_decoded_exactly() -> None:
    code = calibrated(24)
    torch.testing.assert_close(
        code.decode(code.encode(images(5, 1))), images(5, 1), atol=1e-5, rtol=1e-4
    )


def test_partial_code_keeps_the_coefficients_that_vary_most() -> None:
    code = calibrated(8)
    variance = code.transform(images()).var(0, correction=0)
    assert set(code.chosen().tolist()) == set(variance.topk(8).indices.tolist())
    lost = ((code.decode(code.encode(images())) - images()) ** 2).sum((1, 2)).mean()
    expected = variance.sum() - variance.topk(8).values.sum()
    torch.testing.assert_close(lost, expected, atol=0, rtol=0.01)


def test_codes_are_standardised() -> None:
    codes = calibrated(8).encode(images())
    torch.testing.assert_close(codes.mean(0), torch.zeros(8), atol=0.02, rtol=0)
    torch.testing.assert_close(codes.std(0, correction=0), torch.ones(8), atol=0.01, rtol=0)


def test_moments_do_not_depend_on_pieces_and_become_final() -> None:
    whole, parts = calibrated(8), FixedCode((4, 6), 8)
    for piece in images().split(7):
        parts.calibrate(piece)
    torch.testing.assert_close(parts.mean, whole.mean, atol=0.02, rtol=0.02)
    torch.testing.assert_close(parts.deviation, whole.deviation, atol=0.01, rtol=0.02)
    parts.calibrate(images(2000, 2))
    mean = parts.mean.clone()
    assert parts.calibrated
    parts.calibrate(images(50, 3))
    assert torch.equal(parts.mean, mean)


@pytest.mark.parametrize(("shape", "width"), [((3, 5, 5), 10), ((40, 1), 8), ((1, 49), 8)])
def test_shapes_are_restored(shape: tuple[int, ...], width: int) -> None:
    code, samples = FixedCode(shape, width), torch.randn(9, *shape)
    code.calibrate(samples)
    assert code.decode(code.encode(samples)).shape == samples.shape


def test_bytes_are_those_of_the_moments() -> None:
    state = FixedCode((4, 6), 8).state_dict()
    assert code_bytes((4, 6)) == sum(tensor.nbytes for tensor in state.values())
