"""Dreams: links found, slots merged, links dropped, and nothing done where nothing is new."""

import dataclasses
import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.chunk import place
from memnet.config import MemNetConfig
from memnet.graph import link
from memnet.state import Slots, empty_state
from memnet.synthesizer import MemorySynthesizer, normalised

CONFIG = MemNetConfig(
    width=4, controller_heads=1, bottleneck=4, heads=1, key_width=4, slots=4, dream_links=1, dream_rate=0.5, merge=0.9, prune=0.05
)


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
    assert after.adjacency[0, 0, 0, 2] == 0.5 * 0.8, "rate · the links that slot 0 has · Â²"
    assert (awake @ normalised(after.adjacency)[0, 0])[2] > 0.3


def one_spread(state: Slots, start: int) -> torch.Tensor:
    """Where one step of spreading takes a read of one slot, over slots; nothing is written meanwhile."""
    nothing = torch.zeros(1, 1, 1).double()
    closed = nothing > 0
    placement = place(torch.zeros(1, 1, 1, 5).double(), closed, 10 - state.written, state.occupied, 0.9)
    links = link(state.adjacency, state.trace, nothing, nothing + 0.5, placement, rate=0.5, decay=0.0)
    weights = torch.zeros(1, 1, 1, 5).double()
    weights[..., start] = 1.0
    return links.spread(weights, placement.visible(state.occupied))[0, 0, 0, :4]


def test_one_read_finds_after_a_dream_what_took_two_before() -> None:
    assert one_spread(slots(), 0).tolist() == [0.0, 1.0, 0.0, 0.0]
    torch.testing.assert_close(one_spread(dream(slots()), 0), torch.tensor([0.0, 2 / 3, 1 / 3, 0.0]).double())


def test_strong_slots_scale_down_and_keep_their_proportions() -> None:
    adjacency = torch.zeros(1, 1, 4, 4).double()
    adjacency[0, 0, 0] = torch.tensor([0.0, 6.0, 1.0, 1.0])
    adjacency[0, 0, 1] = torch.tensor([1.0, 0.0, 1.0, 0.5])
    before = slots(adjacency=adjacency)
    after = dream(before, dataclasses.replace(CONFIG, link_total=4.0, dream_rate=0.0))
    assert after.adjacency[0, 0, 0].tolist() == [0.0, 3.0, 0.5, 0.5]
    assert after.adjacency[0, 0, 1].tolist() == [1.0, 0.0, 1.0, 0.5], "2.5 is less than 4"
    torch.testing.assert_close(normalised(after.adjacency), normalised(before.adjacency), rtol=1e-12, atol=0.0)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), merge=st.floats(0.0, 1.0))
def test_a_dream_keeps_total_strength_and_links_stay_links(seed: int, merge: float) -> None:
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(1, 1, *shape, generator=generator).double()

    adjacency = uniform(4, 4) * (uniform(4, 4) < 0.6) * (1.0 - torch.eye(4).double())
    keys = torch.nn.functional.normalize(uniform(4, 2) - 0.3, dim=-1)
    before = slots(
        keys=torch.cat([keys, torch.zeros_like(keys)], dim=-1), strength=uniform(4) + 0.01, usage=uniform(4), adjacency=adjacency
    )
    after = dream(before, dataclasses.replace(CONFIG, merge=merge))
    for name in ("strength", "usage", "trace"):
        torch.testing.assert_close(getattr(after, name).sum(), getattr(before, name).sum(), rtol=1e-12, atol=0.0, msg=name)
    assert (after.adjacency >= 0).all()
    assert not after.adjacency.diagonal(dim1=-2, dim2=-1).any()
    assert not after.adjacency[0, 0, ~after.occupied[0, 0]].any()
    assert not after.adjacency[0, 0, :, ~after.occupied[0, 0]].any()


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


def test_contents_attend_to_each_other_and_more_along_links() -> None:
    """One content after the other, worked from the parameters: normed, scored, biased by the graph, mixed, brought out and added."""
    torch.manual_seed(0)
    synthesizer = MemorySynthesizer(dataclasses.replace(CONFIG, merge=1.0)).double()
    assert synthesizer.graph_bias is not None
    torch.nn.init.normal_(synthesizer.out.weight)
    torch.nn.init.normal_(synthesizer.norm.weight)
    torch.nn.init.constant_(synthesizer.graph_bias, 0.7)
    state = slots(strength=torch.tensor([[[1.0, 0.5, 0.0, 1.0]]]).double())  # the third is empty
    contents, rows = state.values[0, 0], normalised(state.adjacency)[0, 0]
    normed = [content / (content.square().mean() + torch.finfo(torch.float64).eps).sqrt() * synthesizer.norm.weight for content in contents]
    queries, keys, values = ([part @ row for row in normed] for part in synthesizer.qkv.weight.split(4))
    with torch.no_grad():
        after = synthesizer(state)
        for i in (0, 1, 3):
            shares = {j: math.exp(queries[i] @ keys[j] / 2.0 + 0.7 * math.log(rows[i, j] + 1e-3)) for j in (0, 1, 3)}
            mixed = sum(share * values[j] for j, share in shares.items()) / sum(shares.values())
            torch.testing.assert_close(after.values[0, 0, i], contents[i] + synthesizer.out.weight @ mixed, rtol=1e-9, atol=1e-9)
    assert torch.equal(after.values[0, 0, 2], contents[2])


def test_contents_are_refined_once_and_only_where_new() -> None:
    synthesizer = MemorySynthesizer(CONFIG).double()
    torch.nn.init.eye_(synthesizer.out.weight)
    state = slots(fresh=torch.tensor([[[True, False, False, False]]]))
    with torch.no_grad():
        after = synthesizer(state)
    assert not torch.equal(after.values[0, 0, 0], state.values[0, 0, 0])
    assert torch.equal(after.values[0, 0, 1:], state.values[0, 0, 1:])
    assert not after.fresh.any()
