"""Soft replacement: by hand, and the gradient that separates keys."""

import math

import pytest
import torch
from torch import Tensor

from memnet.candidates import Candidates
from memnet.fading import faded
from memnet.placement import Placement, place
from memnet.reading_policies import top_k


def keys(*degrees: float) -> Tensor:
    """Return unit-norm keys ``[1, 1, E, 2]`` at these angles."""
    angles = torch.tensor(degrees).double().deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=-1)[None, None]


def placed(
    entries: Tensor, active: Tensor, reuse: float, moment: Tensor | None = None
) -> Placement:
    """Place the last entries as writes into a memory that holds the others."""
    count = active.shape[-1]
    held = entries.shape[2] - count
    chosen = None if moment is None else Candidates(tokens=5, moment=moment)
    return place(
        entries[:, :, held:] @ entries.transpose(-1, -2),
        active,
        torch.arange(held, 0, -1)[None, None],
        torch.ones(1, 1, held, dtype=torch.bool),
        reuse,
        chosen,
    )


def test_shares_by_hand() -> None:
    """One slot at 0°, then writes at 60° (gate 0.8), 90° (closed), 120° and 60°.

    With ``fade`` 0 and ``reuse`` 0.8, a cosine of ½ is an overlap of (½ / 0.8)² = 0.390625. The
    first write takes 0.8 of it from the slot; the third (gate 1) from the first write. The fourth
    replaces the first, and takes from the slot and from the third write.
    """
    entries, gate = keys(0, 60, 90, 120, 60), torch.tensor([[[0.8, 0.0, 1.0, 1.0]]]).double()
    placement, occupied = placed(entries, gate > 0, 0.8), torch.ones(1, 1, 1, dtype=torch.bool)
    found = faded(entries, gate, placement, occupied, fade=0.0, reuse=0.8)
    assert found is not None
    part, rest = 1 - 0.8 * 0.390625, 1 - 0.390625
    expected = [
        [part, 1.0, 1.0, 1.0, 1.0],
        [part, 1.0, 1.0, 1.0, 1.0],
        [part, rest, 1.0, 1.0, 1.0],
        [part * rest, rest, 1.0, rest, 1.0],
    ]
    torch.testing.assert_close(found.exp()[0, 0], torch.tensor(expected).double())


def test_candidates_among_tokens_give_same_shares() -> None:
    """Writes at tokens 1 and 3 of 5: the shares change there and stay."""
    entries, gate = keys(0, 60, 100), torch.ones(1, 1, 2).double()
    occupied = torch.ones(1, 1, 1, dtype=torch.bool)
    placement = placed(entries, gate > 0, 0.8, torch.tensor([[[1, 3]]]))
    found = faded(entries, gate, placement, occupied, fade=0.0, reuse=0.8)
    assert found is not None
    first, second = 1 - 0.390625, 1 - (math.cos(math.radians(40)) / 0.8) ** 2
    torch.testing.assert_close(
        found.exp()[0, 0, :, :2],
        torch.tensor([[1, 1], [first, 1], [first, 1], [first, second], [first, second]]).double(),
    )


@pytest.mark.parametrize(("fade", "reuse"), [(0.6, 0.9), (0.9, 0.9), (0.0, 0.45)])
def test_distinct_keys_and_replaced_entries_lose_nothing(fade: float, reuse: float) -> None:
    """Cosines of ½ are below ``fade``; or there is no range; or every write replaces."""
    entries, gate = keys(0, 60), torch.ones(1, 1, 1).double()
    placement = placed(entries, gate > 0, reuse)
    occupied = torch.ones(1, 1, 1, dtype=torch.bool)
    assert faded(entries, gate, placement, occupied, fade=fade, reuse=reuse) is None


@pytest.mark.parametrize(("needed", "apart"), [(0, True), (1, False)])
def test_gradient_separates_keys_of_a_needed_entry(needed: int, apart: bool) -> None:
    """The slot at 0° is read with its own key after a write at 40°.

    If the slot's content is needed, the gradient turns the written key away from it; if the new
    content is needed, towards it. The score itself is held constant.
    """
    turned = torch.tensor(40.0, dtype=torch.float64, requires_grad=True)
    angle = turned.deg2rad()
    entries = torch.stack([keys(0)[0, 0, 0], torch.stack([angle.cos(), angle.sin()])], dim=0)[
        None, None
    ]
    gate, occupied = torch.ones(1, 1, 1).double(), torch.ones(1, 1, 1, dtype=torch.bool)
    placement = placed(entries.detach(), gate > 0, 0.95)
    kept = faded(entries, gate, placement, occupied, fade=0.5, reuse=0.95)
    assert kept is not None
    best = top_k(
        torch.zeros(1, 1, 1, 2).double(),
        torch.ones(1, 1, 2).double(),
        torch.ones(1, 1, 1, 2).double(),  # both can be read
        None,
        2,
        faded=kept,
    )
    weight = (best.weights * (best.index == needed)).sum()
    (slope,) = torch.autograd.grad(-weight.log(), turned)
    assert bool(slope < 0) == apart, "a step down the loss makes the angle larger"
    assert abs(slope.item()) > 1e-3
