"""Slots by surprise: the margin by hand, the choice against a loop, votes and bytes."""

import math

import pytest
import torch

from strategies.continual.methods._surprise_slots import (
    SurpriseSlots,
    margins_of,
    most_surprising,
    slot_bytes,
)


def test_margins_by_hand() -> None:
    """Class 3 is unseen; class 2 is seen for the first time in this mini-batch."""
    scores = torch.tensor([[0.7, 0.2, 0.0, 9.0], [0.9, 0.4, 0.0, 9.0]])
    seen = torch.tensor([True, True, False, False])
    found = margins_of(scores, torch.tensor([0, 2]), seen)
    torch.testing.assert_close(found, torch.tensor([0.5, -0.9]))
    alone = margins_of(scores[:1], torch.tensor([1]), torch.tensor([False] * 4))
    assert float(alone) > 1e3, "no other class, no surprise"


@pytest.mark.parametrize("capacity", [4, 7, 11, 100])
def test_each_class_keeps_its_lowest_margins(capacity: int) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([0, 3, 1])[torch.randint(3, (30,), generator=generator)]
    margins = (torch.rand(30, generator=generator) * 6).round() / 6
    expected: list[int] = []
    for label in (0, 1, 3):
        own = [place for place in range(30) if labels[place] == label]
        expected += sorted(own, key=lambda place: (float(margins[place]), place))[: capacity // 3]
    assert most_surprising(labels, margins, capacity).tolist() == sorted(expected)


def test_writing_in_parts_equals_writing_at_once() -> None:
    """As long as the number of classes stays the same."""
    generator = torch.Generator().manual_seed(0)
    codes, margins = torch.randn(60, 8, generator=generator), torch.rand(60, generator=generator)
    labels = torch.arange(60) % 3
    parts, whole = SurpriseSlots(9, 8, 4), SurpriseSlots(9, 8, 4)
    for slots in (parts, whole):
        slots.mean, slots.scale, slots.first = torch.zeros(8), 1.0, 10
    whole.write(codes, labels, margins)
    for places in torch.arange(60).split(10):
        parts.write(codes[places], labels[places], margins[places])
    assert torch.equal(parts.codes, whole.codes)
    assert torch.equal(parts.labels, whole.labels)
    assert torch.equal(parts.margins, whole.margins)
    assert whole.labels.bincount().tolist() == [3, 3, 3]


def test_votes_by_hand() -> None:
    """Cosines 1, -1 and 0 with a sharpness of log 2: shares of 4/7, 1/7 and 2/7."""
    slots = SurpriseSlots(3, 2, 3)
    slots.mean, slots.scale, slots.first = torch.tensor([1.0, 1.0]), 2.0, 10
    assert torch.equal(slots.votes(torch.ones(1, 2), 1.0), torch.zeros(1, 3))
    centred = torch.tensor([[2.0, 2.0], [-2.0, -2.0], [2.0, -2.0]])
    slots.write(torch.cat((1 + centred,) * 4), torch.tensor([0, 2, 2] * 4), torch.zeros(12))
    assert len(slots.labels) == 2, "a slot for each of two classes"
    slots = SurpriseSlots(4, 2, 3)
    slots.mean, slots.scale, slots.first = torch.tensor([1.0, 1.0]), 2.0, 10
    slots.write(1 + centred, torch.tensor([0, 2, 2]), torch.zeros(3))
    found = slots.votes(torch.tensor([[3.0, 3.0]]), math.log(2))
    torch.testing.assert_close(found, torch.tensor([[4 / 7, 0.0, 3 / 7]]))


def test_the_first_samples_give_mean_and_scale() -> None:
    slots = SurpriseSlots(100, 2, 2)
    codes = 3 + 2 * torch.randn(24, 2)
    for piece in codes[:14].split((2, 5, 7)):
        slots.write(piece, torch.zeros(len(piece), dtype=torch.long), torch.zeros(len(piece)))
    assert len(slots.labels) == 7, "too few samples for a mean before"
    torch.testing.assert_close(slots.mean, codes[:14].mean(0))
    assert float(slots.normalised(codes[:14]).square().mean()) == pytest.approx(1, rel=1e-4)
    before = slots.mean
    slots.write(codes[14:], torch.zeros(10, dtype=torch.long), torch.zeros(10))
    assert torch.equal(slots.mean, before)
    assert slots.stored_bytes() == 17 * slot_bytes(2, 2) + 2 * 4 + 8


def test_a_slot_has_its_bytes() -> None:
    assert slot_bytes(64, 10) == 32 + 1 + 2
    assert slot_bytes(64, 300) == 32 + 2 + 2
