"""Lossy storage of images, against SciPy's transform and by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from strategies.continual.replay.dct_storage import DctStorage, cosine_basis


def images(count: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(count, height, width, generator=torch.Generator().manual_seed(0))


def test_basis_is_that_of_scipy_by_rising_frequency() -> None:
    basis = cosine_basis((4, 6), 24)
    torch.testing.assert_close(basis @ basis.T, torch.eye(24), atol=1e-6, rtol=0)
    (image,) = images(1, 4, 6)
    whole = dctn(image.double().numpy(), norm="ortho")
    order = [(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (0, 3), (2, 0)]
    expected = torch.tensor([whole[place] for place in order], dtype=torch.float32)
    torch.testing.assert_close((basis @ image.flatten())[:7], expected, atol=1e-5, rtol=0)


def test_a_code_by_hand() -> None:
    """A 2×2 image has a mean, one coefficient per direction and one of both."""
    image = torch.tensor([[[0.9, 0.5], [0.1, 0.1]]])
    across, down, both = (0.9 - 0.5) / 2, (0.9 + 0.5 - 0.2) / 2, (0.9 - 0.5) / 2
    level = [round(7 * math.sqrt(min(1, abs(c) / 0.5))) + 8 for c in (across, down, both)]
    store = DctStorage((2, 2), (2, 2), 32)
    packed = store.pack(image)
    assert packed.rows.tolist() == [[round(0.4 * 255), level[0] * 16 + level[1], level[2] * 16]]
    assert packed.sizes.tolist() == [store.max_bytes] == [3]
    a, d, b = (((n - 8) / 7) ** 2 * 0.5 for n in level)
    mean = 2 * 102 / 255
    expected = torch.tensor(
        [[mean + a + d + b, mean - a + d - b], [mean + a - d - b, mean - a - d + b]]
    )
    torch.testing.assert_close(packed.unpack(torch.tensor([0]))[0], (expected / 2).clamp(0, 1))


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (5, 3), (1, 7), (9, 1)])
@pytest.mark.parametrize("code", [2, 16, 33])
def test_stored_bytes_are_those_of_the_rows(shape: tuple[int, int], code: int) -> None:
    store = DctStorage(shape, shape, code)
    packed = store.pack(images(4, *shape))
    assert packed.rows.dtype == torch.uint8
    assert int(packed.sizes.sum()) == packed.rows.nbytes
    assert store.max_bytes <= code
    assert store.max_bytes == code or len(store.basis) == math.prod(shape)
    joined = packed.join(torch.tensor([2]), packed, torch.tensor([0, 3]))
    again = store.filled(joined.tensors())
    places = torch.arange(3)
    torch.testing.assert_close(again.unpack(places), packed.unpack(torch.tensor([2, 0, 3])))


def test_longer_codes_have_lower_errors() -> None:
    smooth = images(20, 4, 4).repeat_interleave(4, 1).repeat_interleave(4, 2)
    errors = []
    for code in (2, 8, 32, 64):
        found = DctStorage((16, 16), (16, 16), code).pack(smooth).unpack(torch.arange(20))
        assert 0 <= float(found.min()) <= float(found.max()) <= 1
        errors.append(float((found - smooth).square().mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.2 * errors[0]


def test_flat_samples_are_images() -> None:
    rows, flat = DctStorage((4, 4), (4, 4), 5), DctStorage((4, 4), (1, 16), 5)
    samples = images(3, 4, 4)
    packed = flat.pack(samples.reshape(3, 1, 16))
    assert torch.equal(rows.pack(samples).rows, packed.rows)
    assert packed.unpack(torch.arange(3)).shape == (3, 1, 16)


def test_uniform_images_are_exact_to_a_byte() -> None:
    grey = torch.from_numpy(np.linspace(0, 1, 256)).float()
    samples = grey[:, None, None].expand(256, 3, 3)
    found = DctStorage((3, 3), (3, 3), 4).pack(samples).unpack(torch.arange(256))
    torch.testing.assert_close(found, samples, atol=1e-5, rtol=0)


def test_a_code_without_a_coefficient_is_an_error() -> None:
    with pytest.raises(ValueError, match="code = 1 bytes hold no coefficient"):
        DctStorage((3, 3), (3, 3), 1)
