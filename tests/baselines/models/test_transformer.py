"""The Transformer's window: what it reaches, what it drops, and that without one nothing is dropped."""

import torch

from baselines.interface import Signature, state_bytes
from baselines.models.transformer import Config, Transformer

SIGNATURE = Signature(vocabulary=7, outputs=7, length=64)
LAYERS, WINDOW, CHANGED = 2, 5, 3


def changes(window: int | None) -> list[bool]:
    """At which places of a sequence the logits change when one earlier token does."""
    torch.manual_seed(0)
    model = Transformer(Config(width=8, layers=LAYERS, heads=2, window=window), SIGNATURE).double()
    inputs = torch.randint(7, (2, 30), generator=torch.Generator().manual_seed(1))
    other = inputs.clone()
    other[:, CHANGED] = (other[:, CHANGED] + 1) % 7
    different = (model(inputs).logits - model(other).logits).abs() > 1e-12
    return different.any(dim=-1).any(dim=0).tolist()


def test_a_token_is_seen_for_one_window_per_layer_and_no_longer() -> None:
    reach = CHANGED + LAYERS * WINDOW
    assert changes(WINDOW) == [CHANGED <= place <= reach for place in range(30)]


def test_without_a_window_it_is_seen_for_ever() -> None:
    assert changes(None) == [place >= CHANGED for place in range(30)]


def test_the_window_is_all_that_is_carried() -> None:
    model = Transformer(Config(width=8, layers=LAYERS, heads=2, window=WINDOW), SIGNATURE)
    inputs = torch.randint(7, (2, 30), generator=torch.Generator().manual_seed(1))
    keys_and_values = 2 * 2 * LAYERS * WINDOW * 8
    assert state_bytes(model(inputs).state) == 4 * keys_and_values
