"""Soft replacement: by hand, and the gradient that separates keys."""

import math

import pytest
import torch
from torch import Tensor

from memnet.candidates import Candidates
from memnet.fading import Fading, faded
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


def fading(
    entries: Tensor, gate: Tensor, placement: Placement, *, fade: float, reuse: float
) -> Fading | None:
    """Return what fades in a memory whose slots are all occupied."""
    held = entries.shape[2] - gate.shape[-1]
    cosine = entries[:, :, held:].detach() @ entries.detach().transpose(-1, -2)
    occupied = torch.ones(1, 1, held, dtype=torch.bool)
    return faded(entries, gate, cosine, placement, occupied, fade=fade, reuse=reuse)


def shares(found: Fading, tokens: int, entries: int) -> Tensor:
    """Return the share of its strength that each entry has kept at each token."""
    return found.lowered(torch.zeros(1, 1, tokens, entries).double()).exp()[0, 0]


def test_shares_by_hand() -> None:
    """One slot at 0°, then writes at 60° (gate 0.8), 90° (closed), 120° and 60°.

    With ``fade`` 0 and ``reuse`` 0.8, a cosine of ½ is an overlap of (½ / 0.8)² = 0.390625. The
    first write takes 0.8 of it from the slot; the third (gate 1) from the first write. The fourth
    replaces the first, and takes from the slot and from the third write.
    """
    entries, gate = keys(0, 60, 90, 120, 60), torch.tensor([[[0.8, 0.0, 1.0, 1.0]]]).double()
    found = fading(entries, gate, placed(entries, gate > 0, 0.8), fade=0.0, reuse=0.8)
    assert found is not None
    part, rest = 1 - 0.8 * 0.390625, 1 - 0.390625
    expected = [
        [part, 1.0, 1.0, 1.0, 1.0],
        [part, 1.0, 1.0, 1.0, 1.0],
        [part, rest, 1.0, 1.0, 1.0],
        [part * rest, rest, 1.0, rest, 1.0],
    ]
    torch.testing.assert_close(shares(found, 4, 5), torch.tensor(expected).double())
    strength = torch.tensor([[[1.0, 0.8, 0.0, 1.0, 1.0]]]).double()
    torch.testing.assert_close(
        found.remaining(strength), strength * torch.tensor(expected[-1]).double()
    )
    table = torch.arange(20.0).view(1, 1, 4, 5)
    fading_entries = [0, 1, 3]
    assert found.entry.tolist() == fading_entries
    assert torch.equal(found.columns(table), table[0, 0, :, fading_entries].T)


def test_candidates_among_tokens_give_same_shares() -> None:
    """Writes at tokens 1 and 3 of 5: the shares change there and stay."""
    entries, gate = keys(0, 60, 100), torch.ones(1, 1, 2).double()
    placement = placed(entries, gate > 0, 0.8, torch.tensor([[[1, 3]]]))
    found = fading(entries, gate, placement, fade=0.0, reuse=0.8)
    assert found is not None
    first, second = 1 - 0.390625, 1 - (math.cos(math.radians(40)) / 0.8) ** 2
    torch.testing.assert_close(
        shares(found, 5, 3)[:, :2],
        torch.tensor([[1, 1], [first, 1], [first, 1], [first, second], [first, second]]).double(),
    )


@pytest.mark.parametrize(("fade", "reuse"), [(0.6, 0.9), (0.9, 0.9), (0.0, 0.45)])
def test_distinct_keys_and_replaced_entries_lose_nothing(fade: float, reuse: float) -> None:
    """Cosines of ½ are below ``fade``; or there is no range; or every write replaces."""
    entries, gate = keys(0, 60), torch.ones(1, 1, 1).double()
    placement = placed(entries, gate > 0, reuse)
    assert fading(entries, gate, placement, fade=fade, reuse=reuse) is None


def test_empty_slots_without_products_of_keys_do_not_move_the_writes() -> None:
    """A slot is added after the products were computed: the entries after it are shifted."""
    entries, gate = keys(0, 60, 100), torch.ones(1, 1, 2).double()
    cosine = entries[:, :, 1:] @ entries.transpose(-1, -2)
    placement = placed(entries, gate > 0, 0.8)
    wide = torch.cat([entries[:, :, :1], torch.zeros(1, 1, 1, 2), entries[:, :, 1:]], dim=2)
    occupied = torch.tensor([[[True, False]]])
    found = faded(wide, gate, cosine, placement.widened(1), occupied, fade=0.0, reuse=0.8)
    plain = fading(entries, gate, placement, fade=0.0, reuse=0.8)
    assert found is not None
    assert plain is not None
    assert found.entry.tolist() == [0, 2]
    torch.testing.assert_close(shares(found, 2, 4)[:, [0, 2, 3]], shares(plain, 2, 3))


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
    gate = torch.ones(1, 1, 1).double()
    kept = fading(entries, gate, placed(entries.detach(), gate > 0, 0.95), fade=0.5, reuse=0.95)
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
