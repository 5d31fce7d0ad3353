"""Slots are created when needed, up to a limit, and evicted beyond it."""

import dataclasses

import pytest
import torch

from memnet.chunk_access import Read
from memnet.recorder import Recorder
from memnet.state import NO_STEP, Slots, widen
from tests.memnet.active_model import active_model, tokens


def test_empty_memory_creates_slots_when_needed() -> None:
    model = active_model(dreaming=False)
    assert model.initial_state(3).slots.occupied.shape == (3, 2, 0)
    with torch.no_grad():
        occupied = model(tokens()).state.slots.occupied
    assert occupied.shape[-1] == occupied.sum(-1).max(), "as many as the fullest memory needs"


@pytest.mark.parametrize("chunk", [1, 8])
@pytest.mark.parametrize("training", [False, True])
def test_slots_never_exceed_limit(chunk: int, training: bool) -> None:
    model, recorder = (
        active_model(chunk=chunk, slots=3, dreaming=False).train(training),
        Recorder(),
    )
    state = None
    with torch.no_grad():
        for piece in tokens(length=40).split(8, dim=1):
            state = model(piece, state, record=recorder).state
            assert state.slots.occupied.shape[-1] <= 3
    assert state is not None
    assert state.slots.occupied.sum(-1).max() == 3
    assert recorder.ended


def test_evicted_slot_is_never_read() -> None:
    model = active_model(chunk=1, slots=3, dream_every=100).eval()
    inputs = tokens(batch=1, length=40)
    with torch.no_grad():
        state = model(inputs[:, :12]).state
    before = state.slots
    values, links = (
        before.values.clone().requires_grad_(),
        before.links.clone().requires_grad_(),
    )
    state = dataclasses.replace(
        state, slots=dataclasses.replace(before, values=values, links=links)
    )
    gone: set[tuple[int, int]] = set()
    start = 12
    while not gone:
        state = model(inputs[:, start : start + 1], state).state
        start += 1
        gone = {
            (h, n)
            for _, h, n in (before.occupied & (state.slots.birth != before.birth))
            .nonzero()
            .tolist()
            if h >= before.unlinked
        }
    assert start < 30, "a slot is evicted early enough to be queried"

    reads: list[Read] = []
    read = model.bank.read

    def watch(*arguments: object) -> Read:
        reads.append(read(*arguments))
        return reads[-1]

    model.bank.read = watch
    later = model(inputs[:, start:], state).logits
    assert max(int(item.visible.sum(-1).max()) for item in reads) <= 4, (
        "three slots and the one just written"
    )
    of_values, of_links = torch.autograd.grad(later.square().sum(), [values, links])
    for h, n in gone:
        assert not of_values[0, h, n].any()
        assert not of_links[0, h - before.unlinked, n].any()
        targets = before.targets[0, h - before.unlinked]
        assert not of_links[0, h - before.unlinked][targets == n].any()
    assert of_values.any(), "the remaining slots are still read"


def test_slot_of_lowest_retention_is_evicted() -> None:
    """The slot of lowest retention is the first of four.

    ``ln s + ½·ln(1 + u) − 0.1·ln(1 + age)`` is −0.65, −0.40, −0.48 and −0.58. Without the strength
    the lowest would be the second slot, without the usage the third, without the age the last.
    """
    model = active_model(heads=1, slots=4, hebbian=False, usage_weight=0.5, age_weight=0.1).eval()
    slots = dataclasses.replace(
        widen(model.initial_state(1).slots, 4, linked=False),
        strength=torch.tensor([[[0.5, 1.0, 0.2, 0.6]]]).double(),
        usage=torch.tensor([[[1.0, 0.0, 10.0, 0.0]]]).double(),
        written=torch.tensor([[[41, 6, 59, 59]]]),
        birth=torch.tensor([[[1, 2, 3, 4]]]),
    )
    with torch.no_grad():
        model.bank.write_heads.gate.bias.fill_(99.0)
        offer = model.bank.write_heads(
            torch.ones(1, 1, 16).double(),
            torch.ones(1, 3, 12).double(),
            torch.ones(1, 1, 12).double(),
        )
        written = model.bank.write(offer, slots, 60)
        nothing = torch.zeros(1, 1, 1, 5).double()
        unread = Read(
            weights=nothing,
            visible=nothing > 0,
            vectors=torch.zeros(1, 1, 16),
            dispersion=nothing[..., 0],
        )
        assert model.bank.fold(written, unread, 60, None).birth.tolist() == [[[60, 2, 3, 4]]]


@pytest.mark.parametrize("linked", [True, False])
def test_widening_preserves_slots(linked: bool) -> None:
    model = active_model(hebbian=linked, dreaming=False)
    with torch.no_grad():
        before = model(tokens()).state.slots
    after = widen(before, 3, linked=linked)
    size = before.occupied.shape[-1]
    for field in dataclasses.fields(Slots):
        old, new = getattr(before, field.name), getattr(after, field.name)
        place = (slice(None), slice(None), *(slice(0, length) for length in old.shape[2:]))
        assert torch.equal(new[place], old), field.name
    assert after.keys.shape[2] == after.strength.shape[2] == size + 3
    assert after.adjacency.shape[2:] == (
        (size + 3, size + 3) if linked else before.adjacency.shape[2:]
    )
    assert after.trace.shape[2] == (size + 3 if linked else before.trace.shape[2])
    assert not after.occupied[..., size:].any()
    assert not after.fresh[..., size:].any()
    assert (after.written[..., size:] == NO_STEP).all()
    assert (after.birth[..., size:] == NO_STEP).all()
    if linked:
        assert not after.adjacency[..., size:].any()
        assert not after.adjacency[..., size:, :].any()


def test_wider_state_gives_same_outputs() -> None:
    model, inputs = active_model(), tokens()
    with torch.no_grad():
        state = model(inputs[:, :16]).state
        wide = dataclasses.replace(state, slots=widen(state.slots, 4, linked=True))
        torch.testing.assert_close(
            model(inputs[:, 16:], wide).logits,
            model(inputs[:, 16:], state).logits,
            rtol=1e-12,
            atol=1e-12,
        )
