import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memnet.persistent.quantization import STEPS, dithered, pack, packed_width, unpack


def test_packing_matches_hand_computed_case() -> None:
    """Four bits, step 0.3352: entry 0.1 is level 8, −0.1 level 7, 9 the highest and −9 the lowest.

    The first entry is in the low bits.
    """
    packed = pack(torch.tensor([[0.1, -0.1, 9.0, -9.0]]), 4)
    assert packed.tolist() == [[8 + 16 * 7, 15 + 16 * 0]]
    torch.testing.assert_close(unpack(packed, 4), 0.3352 * torch.tensor([[0.5, -0.5, 7.5, -7.5]]))


@given(bits=st.sampled_from([2, 4, 8]), seed=st.integers(0, 999))
def test_packing_error_is_half_a_step_and_repeated_packing_changes_nothing(
    bits: int, seed: int
) -> None:
    reach = STEPS[bits] * 2 ** (bits - 1)
    codes = reach * (2 * torch.rand(5, 8, generator=torch.Generator().manual_seed(seed)) - 1)
    packed = pack(codes, bits)
    assert packed.shape == (5, packed_width(8, bits))
    assert float((unpack(packed, bits) - codes).abs().max()) <= STEPS[bits] / 2 + 1e-5
    assert torch.equal(pack(unpack(packed, bits), bits), packed)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_step_minimises_distortion_of_normal_variable(bits: int) -> None:
    """Max 1960, table II: 0.1188 at two bits and 0.01154 at four; 40.4 dB at eight."""
    normal = torch.randn(100, 1000, generator=torch.Generator().manual_seed(0))
    error = (unpack(pack(normal, bits), bits) - normal).square().mean()
    torch.testing.assert_close(
        error, torch.tensor({2: 0.1188, 4: 0.01154, 8: 0.0000911}[bits]), rtol=0.05, atol=0
    )


def test_dither_is_uniform_over_a_step() -> None:
    noise = dithered(torch.zeros(100, 100), 4, torch.Generator().manual_seed(0))
    assert 0.99 * STEPS[4] / 2 < float(noise.abs().max()) <= STEPS[4] / 2
    torch.testing.assert_close(noise.std(), torch.tensor(STEPS[4] / 12**0.5), rtol=0.02, atol=0)


@pytest.mark.parametrize(
    ("width", "bits", "message"),
    [(32, 3, "bits = 3 is not"), (33, 4, "choose a multiple of 2"), (0, 8, "whole bytes")],
)
def test_codes_that_do_not_fill_bytes_are_an_error(width: int, bits: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        packed_width(width, bits)
