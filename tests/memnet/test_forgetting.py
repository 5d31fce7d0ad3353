"""Forgetting on request: the answer of an item is gone, others stay."""

import torch

from memnet.config import MemNetConfig
from memnet.forgetting import forget, without
from memnet.model import MemNet
from memnet.state import MemNetState
from tests.memnet.active_model import active_model, tokens


def untrained() -> MemNet:
    """Return an untrained model that recalls pairs.

    Its keys are the previous token, its head is tied to the encoder, and here its fusion passes on
    the read vector alone.
    """
    torch.manual_seed(0)
    config = MemNetConfig(heads=1, hebbian=False, slots=32, chunk=16)
    model = MemNet(config, vocabulary=40, outputs=40).eval()
    with torch.no_grad():
        model.fusion.gate.bias.fill_(8.0)
    return model


def pairs() -> torch.Tensor:
    """Keys below 20, each followed by its key plus 20."""
    keys = torch.stack(
        [torch.randperm(20, generator=torch.Generator().manual_seed(s))[:8] for s in (1, 2)]
    )
    return torch.stack([keys, keys + 20], dim=-1)


def answers(model: MemNet, state: MemNetState, keys: torch.Tensor) -> torch.Tensor:
    count = keys.shape[1]
    rows = [
        model(keys[:, item : item + 1], state, positions=torch.zeros(2, 1).long()).logits[:, 0]
        for item in range(count)
    ]
    return torch.stack([row.argmax(-1) for row in rows], dim=1)


@torch.no_grad()
def test_forgotten_item_cannot_be_read_and_others_can() -> None:
    model, items = untrained(), pairs()
    state = model(items.flatten(1)).state
    keys, values = items.unbind(-1)
    before = answers(model, state, keys) == values
    after_state = forget(model, state, keys[:, :3, None], values[:, :3])
    after = answers(model, after_state, keys) == values
    assert int(before.sum()) >= 12
    assert before[:, :3].any()
    assert not after[:, :3].any()
    assert int(after[:, 3:].sum()) >= int(before[:, 3:].sum())


@torch.no_grad()
def test_no_slot_that_a_query_reads_most_gives_a_forgotten_answer() -> None:
    model, items = untrained(), pairs()
    keys, values = items[:, :1].unbind(-1)
    state = forget(model, model(items.flatten(1)).state, keys.unsqueeze(2), values)
    left = state.slots.keys.norm(dim=-1) > 0
    assert torch.equal(left, state.slots.occupied)
    again = forget(model, state, keys.unsqueeze(2), values)
    assert torch.equal(again.slots.strength, state.slots.strength)


@torch.no_grad()
def test_window_tail_and_recordings_of_the_item_are_erased() -> None:
    model, items = untrained(), pairs()
    state = model(items.flatten(1)).state
    keys, values = items.unbind(-1)
    after = forget(model, state, keys.unsqueeze(2), values)
    assert float(after.window.abs().sum()) == float(after.tail.abs().sum()) == 0.0
    assert state.tape is not None
    assert after.tape is not None
    assert bool((state.tape.strength > 0).any())
    assert not bool((after.tape.strength > 0).any())


@torch.no_grad()
def test_emptied_slots_have_no_links_and_the_others_keep_theirs() -> None:
    slots = active_model().eval()(tokens()).state.slots
    gone = torch.zeros_like(slots.occupied)
    gone[:, :, 1] = slots.occupied[:, :, 1]
    after = without(slots, gone)
    assert float(after.adjacency[:, :, 1].abs().sum()) == 0.0
    assert float(after.adjacency[:, :, :, 1].abs().sum()) == 0.0
    left = [0, *range(2, gone.shape[-1])]
    assert torch.equal(
        after.adjacency[:, :, left][..., left], slots.adjacency[:, :, left][..., left]
    )
    assert not bool((after.occupied & gone).any())
