"""Dreams: links are found, slots merge, links are removed, unwritten memories do not change."""

import dataclasses
import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.bank import MultiHeadMemoryBank
from memnet.config import MemNetConfig
from memnet.state import NO_STEP, Slots, empty_state, strongest
from memnet.synthesizer import MemorySynthesizer, normalised
from tests.memnet import naive_dream

CONFIG = MemNetConfig(
    width=4,
    controller_heads=1,
    bottleneck=4,
    heads=1,
    key_width=4,
    slots=4,
    dream_links=1,
    dream_rate=0.5,
    merge=0.9,
    prune=0.05,
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
        "trace": torch.tensor([[[0.1, 0.2, 0.3, 0.4]]]).double(),
    }
    graph = changes.pop("adjacency", adjacency)
    return dataclasses.replace(empty, **(given | changes)).linked(graph)


def batched(*states: Slots) -> Slots:
    """One batch of several memories."""
    return Slots(
        **{
            field.name: torch.cat([getattr(state, field.name) for state in states])
            for field in dataclasses.fields(Slots)
        }
    )


def dream(state: Slots, config: MemNetConfig = CONFIG) -> Slots:
    with torch.no_grad():
        after: Slots = MemorySynthesizer(config).double()(state)
    return after


def test_dream_shortens_two_hops_to_one() -> None:
    before, after = slots(), dream(slots())
    awake = torch.tensor([1.0, 0.0, 0.0, 0.0]).double()
    assert (awake @ normalised(before.adjacency)[0, 0])[2] == 0
    assert (awake @ normalised(before.adjacency)[0, 0] @ normalised(before.adjacency)[0, 0])[2] == 1
    assert after.adjacency[0, 0, 0, 2] == 0.5 * 0.8, "rate · the links of slot 0 · Â²"
    assert (awake @ normalised(after.adjacency)[0, 0])[2] > 0.3


def one_read(state: Slots, start: int) -> torch.Tensor:
    """Return the weights over slots of one read, one hop from the best match.

    The query is the key of slot ``start``; nothing is written.
    """
    bank = MultiHeadMemoryBank(
        dataclasses.replace(CONFIG, key_taps=1, top_k=1, hops=1, meta_policy=False)
    ).double()
    assert bank.spread_logit is not None
    nothing, query = torch.zeros(1, 1, 4).double(), torch.eye(4).double()[None, start : start + 1]
    with torch.no_grad():
        bank.write_heads.gate.bias.fill_(-10.0)
        bank.spread_logit.fill_(100.0)
        bank.read_heads.query.project.copy_(torch.eye(4))
        bank.read_heads.query_clock.zero_()
        prepared = bank.prepare(nothing, query, query)
        weights = bank.read(prepared, bank.write(prepared.offer, state, time=10), None).weights
    return weights[0, 0, 0, :4]


def test_read_after_dream_reaches_two_hops() -> None:
    assert one_read(slots(), 0).tolist() == [0.0, 1.0, 0.0, 0.0]
    torch.testing.assert_close(
        one_read(dream(slots()), 0), torch.tensor([0.0, 2 / 3, 1 / 3, 0.0]).double()
    )


def random_slots(config: MemNetConfig, batch: int, seed: int) -> Slots:
    """Slots with near keys, some of them empty, with no link or several.

    Some memories are new in part, some not at all.
    """
    generator, size = torch.Generator().manual_seed(seed), config.slots

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(batch, config.heads, *shape, generator=generator, dtype=torch.float64)

    occupied = uniform(size) < 0.8
    fresh = (uniform(1) < 0.6) & (uniform(size) < 0.6) & occupied
    linked = (
        (uniform(size, size) < 0.5)
        & occupied.unsqueeze(-1)
        & occupied.unsqueeze(-2)
        & ~torch.eye(size, dtype=torch.bool)
    )
    # Two shares of 1 in a row would make missing links equally strong, and the choice arbitrary.
    linked &= linked.sum(-1, keepdim=True) != 1
    graph_heads = slice(config.heads - config.linked_heads, None)
    # The last dream scaled the old slots down.
    within = torch.where(fresh.any(-1), 1.0, config.link_total / size)
    birth = (100.0 * uniform(size)).long()
    graph = uniform(size, size) * linked * within[..., None, None]
    links, targets = strongest(graph[:, graph_heads], config.degree)
    return Slots(
        keys=torch.nn.functional.normalize(uniform(size, config.key_width) - 0.5, dim=-1)
        * occupied.unsqueeze(-1),
        values=(uniform(size, config.width // config.heads) - 0.5) * occupied.unsqueeze(-1),
        strength=(0.9 * uniform(size) + 0.1) * occupied,
        usage=uniform(size) * occupied,
        birth=torch.where(occupied, birth, NO_STEP),
        written=torch.where(occupied, birth + (100.0 * uniform(size)).long(), NO_STEP),
        fresh=fresh,
        links=links,
        targets=targets,
        trace=(uniform(size) * occupied)[:, graph_heads],
        count=uniform(),
    )


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 10_000),
    batch=st.integers(2, 3),
    heads=st.integers(1, 2),
    merge=st.floats(0.5, 1.0),
)
def test_dream_equals_plain_loops(seed: int, batch: int, heads: int, merge: float) -> None:
    config = dataclasses.replace(
        CONFIG,
        width=3 * heads,
        heads=heads,
        key_width=2,
        slots=6,
        dream_links=2,
        link_total=1.0,
        prune=0.1,
        merge=merge,
    )
    synthesizer, generator = MemorySynthesizer(config).double(), torch.Generator().manual_seed(seed)
    before = random_slots(config, batch, seed)
    with torch.no_grad():
        for parameter in synthesizer.parameters():
            parameter.normal_(generator=generator)
        after, plain = synthesizer(before), naive_dream.dream(synthesizer, before)
    names = {field.name for field in dataclasses.fields(before)} - {"links", "targets"}
    for name in (*names, "adjacency"):
        torch.testing.assert_close(
            getattr(after, name), getattr(plain, name), rtol=1e-9, atol=1e-9, msg=name
        )


def test_dream_scales_strong_links_down_in_proportion() -> None:
    adjacency = torch.zeros(1, 1, 4, 4).double()
    adjacency[0, 0, 0] = torch.tensor([0.0, 6.0, 1.0, 1.0])
    adjacency[0, 0, 1] = torch.tensor([1.0, 0.0, 1.0, 0.5])
    before = slots(adjacency=adjacency)
    after = dream(before, dataclasses.replace(CONFIG, link_total=4.0, dream_rate=0.0))
    assert after.adjacency[0, 0, 0].tolist() == [0.0, 3.0, 0.5, 0.5]
    assert after.adjacency[0, 0, 1].tolist() == [1.0, 0.0, 1.0, 0.5], "2.5 is less than 4"
    torch.testing.assert_close(
        normalised(after.adjacency), normalised(before.adjacency), rtol=1e-12, atol=0.0
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), merge=st.floats(0.0, 1.0))
def test_dream_preserves_total_strength_and_valid_links(seed: int, merge: float) -> None:
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(1, 1, *shape, generator=generator).double()

    adjacency = uniform(4, 4) * (uniform(4, 4) < 0.6) * (1.0 - torch.eye(4).double())
    keys = torch.nn.functional.normalize(uniform(4, 2) - 0.3, dim=-1)
    before = slots(
        keys=torch.cat([keys, torch.zeros_like(keys)], dim=-1),
        strength=uniform(4) + 0.01,
        usage=uniform(4),
        adjacency=adjacency,
    )
    after = dream(before, dataclasses.replace(CONFIG, merge=merge))
    for name in ("strength", "usage", "trace"):
        torch.testing.assert_close(
            getattr(after, name).sum(), getattr(before, name).sum(), rtol=1e-12, atol=0.0, msg=name
        )
    assert (after.adjacency >= 0).all()
    assert not after.adjacency.diagonal(dim1=-2, dim2=-1).any()
    assert not after.adjacency[0, 0, ~after.occupied[0, 0]].any()
    assert not after.adjacency[0, 0, :, ~after.occupied[0, 0]].any()


def test_dream_leaves_unwritten_memory_unchanged() -> None:
    chain = torch.zeros(1, 1, 4, 4).double()
    chain[0, 0, 0, 1] = chain[0, 0, 1, 2] = chain[0, 0, 2, 3] = (
        0.5  # one dream adds one link, and leaves another missing
    )
    new = slots(adjacency=chain)
    once = dream(new)
    for others in ([], [new]):
        again = dream(batched(once, *others))
        for field in dataclasses.fields(once):
            assert torch.equal(getattr(again, field.name)[:1], getattr(once, field.name)), (
                field.name
            )


def test_merge_preserves_total_strength_and_averages_by_it() -> None:
    keys = torch.eye(4).double()
    keys[1] = keys[0]
    after = dream(slots(keys=keys[None, None]))
    assert after.strength[0, 0].tolist() == [1.5, 0.0, 0.25, 1.0]
    torch.testing.assert_close(
        after.values[0, 0, 0],
        (torch.tensor([0.0, 1, 2, 3]) * 1.0 + torch.tensor([4.0, 5, 6, 7]) * 0.5).double() / 1.5,
    )
    assert after.occupied[0, 0].tolist() == [True, False, True, True]
    assert after.adjacency[0, 0, 0, 2] > 0, "the remaining slot has the links of the merged one"
    assert not after.adjacency.diagonal(dim1=-2, dim2=-1).any()
    assert not after.adjacency[0, 0, 1].any()
    assert not after.adjacency[0, 0, :, 1].any()
    assert after.birth[0, 0].tolist() == [0, -1, 2, 3]
    assert after.written[0, 0].tolist() == [5, -1, 6, 7]
    torch.testing.assert_close(after.trace[0, 0], torch.tensor([0.3, 0.0, 0.3, 0.4]).double())


def test_dream_removes_weak_links() -> None:
    adjacency = torch.zeros(1, 1, 4, 4).double()
    adjacency[0, 0, 3, 0], adjacency[0, 0, 3, 1] = 1.0, 0.01
    after = dream(slots(adjacency=adjacency))
    assert after.adjacency[0, 0, 3].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_refinement_matches_hand_computation() -> None:
    """Contents one by one, computed from the parameters.

    They are normed, scored, biased by the graph, mixed, projected and added.
    """
    torch.manual_seed(0)
    synthesizer = MemorySynthesizer(dataclasses.replace(CONFIG, merge=1.0)).double()
    assert synthesizer.graph_bias is not None
    torch.nn.init.normal_(synthesizer.out.weight)
    torch.nn.init.normal_(synthesizer.norm.weight)
    torch.nn.init.constant_(synthesizer.graph_bias, 0.7)
    state = slots(strength=torch.tensor([[[1.0, 0.5, 0.0, 1.0]]]).double())  # the third is empty
    contents, rows = state.values[0, 0], normalised(state.adjacency)[0, 0]
    normed = [
        content
        / (content.square().mean() + torch.finfo(torch.float64).eps).sqrt()
        * synthesizer.norm.weight
        for content in contents
    ]
    queries, keys, values = (
        [part @ row for row in normed] for part in synthesizer.qkv.weight.split(4)
    )
    with torch.no_grad():
        after = synthesizer(state)
        for i in (0, 1, 3):
            shares = {
                j: math.exp(queries[i] @ keys[j] / 2.0 + 0.7 * math.log(rows[i, j] + 1e-3))
                for j in (0, 1, 3)
            }
            mixed = sum(share * values[j] for j, share in shares.items()) / sum(shares.values())
            torch.testing.assert_close(
                after.values[0, 0, i],
                contents[i] + synthesizer.out.weight @ mixed,
                rtol=1e-9,
                atol=1e-9,
            )
    assert torch.equal(after.values[0, 0, 2], contents[2])


def test_refinement_changes_only_new_contents() -> None:
    synthesizer = MemorySynthesizer(CONFIG).double()
    torch.nn.init.eye_(synthesizer.out.weight)
    state = slots(fresh=torch.tensor([[[True, False, False, False]]]))
    with torch.no_grad():
        after = synthesizer(state)
    assert not torch.equal(after.values[0, 0, 0], state.values[0, 0, 0])
    assert torch.equal(after.values[0, 0, 1:], state.values[0, 0, 1:])
    assert not after.fresh.any()
