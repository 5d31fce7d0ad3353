"""The Transformer's window: what it reaches and drops; without a window nothing is dropped.

Its rotary positions, against the equation of the paper.
"""

import pytest
import torch

from baselines.interface import Signature, state_bytes
from baselines.models.transformer import Config, Transformer, rotate

SIGNATURE = Signature(vocabulary=7, outputs=7, length=64)
LAYERS, WINDOW, CHANGED = 2, 5, 3


def changes(window: int | None) -> list[bool]:
    """Positions of a sequence whose logits change if one earlier token does."""
    torch.manual_seed(0)
    model = Transformer(Config(width=8, layers=LAYERS, heads=2, window=window), SIGNATURE).double()
    inputs = torch.randint(7, (2, 30), generator=torch.Generator().manual_seed(1))
    other = inputs.clone()
    other[:, CHANGED] = (other[:, CHANGED] + 1) % 7
    different = (model(inputs).logits - model(other).logits).abs() > 1e-12
    return different.any(dim=-1).any(dim=0).tolist()


def test_reach_is_one_window_per_layer() -> None:
    reach = CHANGED + LAYERS * WINDOW
    assert changes(WINDOW) == [CHANGED <= place <= reach for place in range(30)]


def test_reach_without_window_is_unlimited() -> None:
    assert changes(None) == [place >= CHANGED for place in range(30)]


def test_state_is_the_window() -> None:
    model = Transformer(Config(width=8, layers=LAYERS, heads=2, window=WINDOW), SIGNATURE)
    inputs = torch.randint(7, (2, 30), generator=torch.Generator().manual_seed(1))
    keys_and_values = 2 * 2 * LAYERS * WINDOW * 8
    assert state_bytes(model(inputs).state) == 4 * keys_and_values


@pytest.mark.parametrize("position", [0, 1, 9])
def test_rotation_is_that_of_the_paper(position: int) -> None:
    """Su et al. 2021, equation 15: pair i turns by ``m · 10000^(−2i/d)`` at position m."""
    vector = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    expected = []
    for pair in range(2):
        angle = torch.tensor(position * 10_000.0 ** (-2 * pair / 4), dtype=torch.float64)
        even, odd = vector[2 * pair], vector[2 * pair + 1]
        expected += [
            even * angle.cos() - odd * angle.sin(),
            even * angle.sin() + odd * angle.cos(),
        ]
    found = rotate(vector.view(1, 1, 1, 4), position).flatten()
    torch.testing.assert_close(found, torch.stack(expected))


def test_attention_depends_on_differences_of_positions_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 8, generator=generator, dtype=torch.float64)
    near, far = ((rotate(query, start + 3) * rotate(key, start)).sum() for start in (0, 500))
    torch.testing.assert_close(near, far)
    assert not torch.isclose(near, (rotate(query, 0) * rotate(key, 0)).sum())
