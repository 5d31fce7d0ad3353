"""The Transformer's window: what it reaches and drops; without a window nothing is dropped."""

import torch

from baselines.interface import Signature, state_bytes
from baselines.models.transformer import Config, Transformer

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
