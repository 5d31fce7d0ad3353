"""Dreams: links found, slots merged, links dropped, and nothing done where nothing is new."""

import dataclasses

import torch

from memnet.config import MemNetConfig
from memnet.state import Slots, empty_state
from memnet.synthesizer import MemorySynthesizer, normalised

CONFIG = MemNetConfig(width=4, controller_heads=1, bottleneck=4, key_width=4, slots=4, dream_links=1, dream_rate=0.5, merge=0.9, prune=0.05)


def slots(**changes: torch.Tensor) -> Slots:
    """Four slots with orthogonal keys, all new, linked 0 → 1 → 2 and 3 to nothing."""
    empty = empty_state(CONFIG, 1, torch.zeros(1).double()).slots
    adjacency = torch.zeros(1, 1, 4, 4).double()
    adjacency[0, 0, 0, 1] = 0.8
    adjacency[0, 0, 1, 2] = 0.4
    given = {
        "keys": torch.eye(4).double()[None, None],
        "values": torch.arange(16).double().view(1, 1, 4, 4),
        "strength": torch.tensor([[[1.0, 0.5, 0.25, 1.0]]]).double(),
        "usage": torch.ones(1, 1, 4).double(),
        "birth": torch.tensor([[[0, 1, 2, 3]]]),
        "written": torch.tensor([[[4, 5, 6, 7]]]),
        "fresh": torch.ones(1, 1, 4, dtype=torch.bool),
        "adjacency": adjacency,
        "trace": torch.tensor([[[0.1, 0.2, 0.3, 0.4]]]).double(),
    }
    return dataclasses.replace(empty, **(given | changes))


def dream(state: Slots, config: MemNetConfig = CONFIG) -> Slots:
    with torch.no_grad():
        after: Slots = MemorySynthesizer(config).double()(state)
    return after


def test_what_took_two_hops_before_takes_one_after() -> None:
    before, after = slots(), dream(slots())
    awake = torch.tensor([1.0, 0.0, 0.0, 0.0]).double()
    assert (awake @ normalised(before.adjacency)[0, 0])[2] == 0
    assert (awake @ normalised(before.adjacency)[0, 0] @ normalised(before.adjacency)[0, 0])[2] == 1
    assert after.adjacency[0, 0, 0, 2] == 0.5
    assert (awake @ normalised(after.adjacency)[0, 0])[2] > 0.3


def test_a_memory_that_was_not_written_since_is_left_as_it_is() -> None:
    chain = torch.zeros(1, 1, 4, 4).double()
    chain[0, 0, 0, 1] = chain[0, 0, 1, 2] = chain[0, 0, 2, 3] = 0.5  # one dream adds one link, and leaves another to be found
    once = dream(slots(adjacency=chain))
    again = dream(once)
    for field in dataclasses.fields(once):
        assert torch.equal(getattr(once, field.name), getattr(again, field.name)), field.name


def test_merging_keeps_total_strength_and_averages_by_it() -> None:
    keys = torch.eye(4).double()
    keys[1] = keys[0]
    after = dream(slots(keys=keys[None, None]))
    assert after.strength[0, 0].tolist() == [1.5, 0.0, 0.25, 1.0]
    torch.testing.assert_close(
        after.values[0, 0, 0], (torch.tensor([0.0, 1, 2, 3]) * 1.0 + torch.tensor([4.0, 5, 6, 7]) * 0.5).double() / 1.5
    )
    assert after.occupied[0, 0].tolist() == [True, False, True, True]
    assert after.adjacency[0, 0, 0, 2] > 0, "the links of the slot that went are kept by the one that stays"
    assert not after.adjacency.diagonal(dim1=-2, dim2=-1).any()
    assert not after.adjacency[0, 0, 1].any()
    assert not after.adjacency[0, 0, :, 1].any()
    assert after.birth[0, 0].tolist() == [0, -1, 2, 3]
    assert after.written[0, 0].tolist() == [5, -1, 6, 7]
    torch.testing.assert_close(after.trace[0, 0], torch.tensor([0.3, 0.0, 0.3, 0.4]).double())


def test_weak_links_are_dropped() -> None:
    adjacency = torch.zeros(1, 1, 4, 4).double()
    adjacency[0, 0, 3, 0], adjacency[0, 0, 3, 1] = 1.0, 0.01
    after = dream(slots(adjacency=adjacency))
    assert after.adjacency[0, 0, 3].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_contents_are_refined_once_and_only_where_new() -> None:
    synthesizer = MemorySynthesizer(CONFIG).double()
    torch.nn.init.eye_(synthesizer.out.weight)
    state = slots(fresh=torch.tensor([[[True, False, False, False]]]))
    with torch.no_grad():
        after = synthesizer(state)
    assert not torch.equal(after.values[0, 0, 0], state.values[0, 0, 0])
    assert torch.equal(after.values[0, 0, 1:], state.values[0, 0, 1:])
    assert not after.fresh.any()
