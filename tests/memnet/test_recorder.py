"""A recorder's statistics against the memory's contents."""

import pytest
import torch

from memnet.recorder import Recorder
from tests.memnet.active_model import active_model, tokens


def test_memory_without_writes_is_empty() -> None:
    model, record = active_model(dreaming=False).eval(), Recorder()
    with torch.no_grad():
        model.bank.write_heads.gate.weight.zero_()
        model.bank.write_heads.gate_clock.zero_()
        model.bank.write_heads.gate.bias.fill_(-6.0)
        model(tokens(), record=record)
    assert record.statistics()["occupancy"] == 0.0
    assert record.statistics()["write_rate"] == 0.0
    assert record.statistics()["reuse"] is None


@pytest.mark.parametrize("training", [True, False])
def test_occupancy_is_share_of_largest_number_of_slots(training: bool) -> None:
    model, inputs, record = (
        active_model(chunk=8, slots=20, dreaming=False).train(training),
        tokens(length=32),
        Recorder(),
    )
    state, held = None, []
    with torch.no_grad():
        for piece in inputs.split(8, dim=1):
            state = model(piece, state, record=record).state
            held.append(float(state.slots.occupied.sum(-1).double().mean()))
    assert state.slots.occupied.shape[-1] < 20, "slots are created when needed"
    assert record.statistics()["occupancy"] == pytest.approx(sum(held) / 4 / 20, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "given_up"),
    [({"dreaming": False}, False), ({"merge": 0.3}, True), ({"slots": 3, "dreaming": False}, True)],
)
def test_every_created_slot_is_evicted_or_alive(options: dict[str, float], given_up: bool) -> None:
    model, record = active_model(**{"chunk": 1, "reuse": 0.95} | options).eval(), Recorder()
    with torch.no_grad():
        state = model(tokens(length=48), record=record).state
    taken = record.writes - record.reuses
    assert len(record.alive) == int(state.slots.occupied.sum())
    assert len(record.ended) + len(record.alive) == taken
    assert bool(record.ended) == given_up, "merged or evicted"
    assert all(0 < life <= 48 for life in record.ended)
