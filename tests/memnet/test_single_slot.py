"""A state with one slot: the slot is read, and nothing else."""

import torch

from memnet.single_slot import LastRead, with_single_slot
from tests.memnet.active_model import active_model, tokens


def test_single_slot_state_holds_the_slot_and_nothing_else() -> None:
    model = active_model().eval()
    with torch.no_grad():
        state = model(tokens()).state
    slot = torch.tensor([0, 2, 1])
    single = with_single_slot(state, model.config, 1, slot)
    assert single.slots.occupied.tolist() == [
        [[False], [bool(state.slots.occupied[row, 1, slot[row]])]] for row in range(3)
    ]
    for row in range(3):
        for name in ("keys", "values", "strength", "usage", "birth", "written", "fresh"):
            one, whole = getattr(single.slots, name), getattr(state.slots, name)
            assert torch.equal(one[row, 1, 0], whole[row, 1, slot[row]])
            assert not (one[row, 0] > 0).any()
    assert single.slots.links.abs().sum() == 0
    assert single.tape is not None
    assert single.tape.values.shape[1] == 0
    assert state.window.abs().sum() > 0
    assert state.tail.abs().sum() > 0
    assert single.window.abs().sum() == single.tail.abs().sum() == 0
    assert single.time == state.time


def test_single_slot_of_all_slots_is_read_alone() -> None:
    """With one occupied slot in all, the state without it is empty, so a read is of that slot."""
    model = active_model(serial=False, meta_policy=False, dreaming=False, hebbian=False).eval()
    with torch.no_grad():
        model.bank.write_heads.gate.weight.zero_()
        model.bank.write_heads.gate.bias.fill_(2.0)
        state = model(tokens()).state
        model.bank.write_heads.gate.bias.fill_(-9.0)
        single = with_single_slot(state, model.config, 0, torch.tensor([0, 1, 2]))
        read = LastRead()
        model(tokens(length=4, seed=2), single, record=read)
    assert read.weights is not None
    assert torch.allclose(read.weights[:, 0, 0], torch.ones(3).double())
    assert float(read.weights[:, 1].abs().max()) == 0.0
