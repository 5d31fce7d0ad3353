"""Placement of the writes of a chunk, and the slots after it."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.candidates import Candidates
from memnet.commit import commit
from memnet.nodes import Nodes, between
from memnet.placement import place


def boolean(*values: int) -> torch.Tensor:
    return torch.tensor([[values]], dtype=torch.bool)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 100_000), slots=st.integers(1, 5), count=st.integers(1, 12))
def test_placement_equals_loop_over_tokens(seed: int, slots: int, count: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    keys = torch.nn.functional.normalize(torch.randn(slots + count, 2, generator=generator), dim=-1)
    active = torch.rand(count, generator=generator) < 0.7
    occupied = torch.rand(slots, generator=generator) < 0.7
    age = torch.randperm(slots, generator=generator) + 1
    cosine = keys[slots:] @ keys.T
    placement = place(
        cosine[None, None], active[None, None], age[None, None], occupied[None, None], 0.7
    )

    born, until = placement.seen(occupied[None, None], cosine)
    mask = between(born.unsqueeze(2), until.unsqueeze(2), count, last=False)
    order = [-int(a) for a in age] + list(range(count))
    visible = {entry for entry in range(slots) if occupied[entry]}
    root = list(range(slots + count))
    superseded = [count] * (slots + count)
    for token in range(count):
        entry = slots + token
        if active[token]:
            near = [other for other in visible if cosine[token, other] >= 0.7]
            if near:
                latest = max(near, key=lambda other: order[other])
                visible.remove(latest)
                root[entry] = root[latest]
                superseded[latest] = token
            visible.add(entry)
            assert bool(placement.fresh[0, 0, token]) == (not near)
        seen = mask[0, 0, token]
        assert {index for index, value in enumerate(seen.tolist()) if value} == visible
    assert placement.superseded[0, 0].tolist() == superseded
    assert [
        r
        for r, e in zip(placement.root[0, 0].tolist(), range(slots + count), strict=True)
        if e < slots or active[e - slots]
    ] == [r for e, r in enumerate(root) if e < slots or active[e - slots]]


def test_new_writes_take_empty_slots_then_lowest_retention() -> None:
    occupied, active = boolean(1, 0, 1, 1), boolean(1, 1, 1)
    placement = place(
        torch.zeros(1, 1, 3, 7), active, torch.tensor([[[4, 3, 2, 1]]]), occupied, 0.9
    )
    done = commit(placement, occupied, torch.tensor([[[0.3, 0.0, 0.1, 0.2]]]), placement.fresh)
    assert done.slot.tolist() == [[[1, 2, 3]]]
    assert done.source.tolist() == [[[0, 4, 5, 6]]]
    assert done.evicted.tolist() == boolean(0, 0, 1, 1).tolist()


def test_chunk_with_too_many_new_keys_stores_latest() -> None:
    occupied, active = boolean(1, 1), boolean(1, 1, 1)
    placement = place(torch.zeros(1, 1, 3, 5), active, torch.tensor([[[2, 1]]]), occupied, 0.9)
    done = commit(placement, occupied, torch.tensor([[[0.5, 0.1]]]), placement.fresh)
    assert done.slot.tolist() == [[[2, 1, 0]]]
    assert done.source.tolist() == [[[4, 3]]]
    assert done.evicted.all()


def test_memory_without_slots_and_writes_has_no_slots() -> None:
    occupied = torch.zeros(2, 1, 0, dtype=torch.bool)
    placement = place(
        torch.zeros(2, 1, 3, 3),
        torch.zeros(2, 1, 3, dtype=torch.bool),
        torch.zeros(2, 1, 0).long(),
        occupied,
        0.9,
    )
    done = commit(placement, occupied, torch.zeros(2, 1, 0), placement.fresh)
    for placed in (done.source, done.node, done.evicted):
        assert placed.shape == (2, 1, 0)
    assert done.slot.tolist() == [[[0, 0, 0]], [[0, 0, 0]]], "0 slots: place 0 does not exist"


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 100_000),
    slots=st.integers(0, 4),
    count=st.integers(1, 8),
    extra=st.integers(1, 5),
)
def test_widened_placement_equals_placement_in_wider_memory(
    seed: int, slots: int, count: int, extra: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    cosine = torch.rand(1, 1, count, slots + count, generator=generator)
    active = torch.rand(1, 1, count, generator=generator) < 0.7
    occupied = torch.rand(1, 1, slots, generator=generator) < 0.7
    age = torch.arange(slots, 0, -1)[None, None]
    widened = place(cosine, active, age, occupied, 0.7).widened(extra)

    apart = torch.zeros(1, 1, count, extra)
    empty = torch.zeros(1, 1, extra, dtype=torch.bool)
    roomy = torch.cat([occupied, empty], dim=-1)
    wide = torch.cat([cosine[..., :slots], apart, cosine[..., slots:]], dim=-1)
    again = place(
        wide, active, torch.cat([age, torch.ones(1, 1, extra).long()], dim=-1), roomy, 0.7
    )
    for name in ("active", "fresh", "superseded", "root"):
        assert torch.equal(getattr(widened, name), getattr(again, name)), name
    for mine, other in zip(widened.seen(roomy, cosine), again.seen(roomy, cosine), strict=True):
        assert torch.equal(mine, other)


def test_rewritten_slot_has_same_place_and_latest_content() -> None:
    occupied, active = boolean(1, 1), boolean(1, 0, 1)
    cosine = torch.zeros(1, 1, 3, 4 + 1)
    cosine[..., 1] = 1.0
    cosine[0, 0, 2, 2] = 1.0
    placement = place(cosine, active, torch.tensor([[[2, 1]]]), occupied, 0.9)
    done = commit(placement, occupied, torch.zeros(1, 1, 2), placement.fresh)
    assert done.slot.tolist() == [[[1, 2, 1]]]
    assert done.source.tolist() == [[[0, 4]]]
    assert done.node.tolist() == [[[0, 1]]]
    assert not done.evicted.any()


def test_candidates_are_writing_tokens_in_order() -> None:
    active = torch.tensor(
        [[[False, True, False, True, False]], [[False, False, False, False, True]]]
    )
    chosen = Candidates.among(active)
    assert chosen.of(torch.arange(5.0).expand(2, 1, 5))[0, 0].tolist() == [1.0, 3.0]
    assert chosen.those(active).tolist() == [
        [[True, True]],
        [[True, False]],
    ]  # the second row is padded with a token that writes once
    ones = chosen.those(active).float()
    assert torch.equal(chosen.over_tokens(ones), active.float())
    assert chosen.by(torch.arange(5))[1, 0, :, 0].tolist() == [False, False, False, False, True]


def test_chunk_without_writes_has_one_inactive_candidate() -> None:
    silent = torch.zeros(1, 2, 3, dtype=torch.bool)
    chosen = Candidates.among(silent)
    assert chosen.those(silent).shape == (1, 2, 1)
    assert not chosen.those(silent).any()


def test_new_writes_are_nodes_of_empty_slots_then_of_places_after_the_slots() -> None:
    occupied, active = boolean(1, 0, 1), boolean(1, 0, 1, 1)
    cosine = torch.zeros(1, 1, 4, 7)
    cosine[0, 0, 2, 3] = 1.0  # the third token rewrites the first one's slot
    placement = place(cosine, active, torch.tensor([[[3, 2, 1]]]), occupied, 0.9)
    nodes = Nodes.number(placement, occupied)
    assert nodes.count == 4
    assert nodes.entry[0, 0, [0, 1, 2, 3, 5, 6]].tolist() == [0, 1, 2, 1, 1, 3]
    assert nodes.start.tolist() == [[[0, 0, 0, 3]]]
    assert nodes.first_entry(placement).tolist() == [[[0, 3, 2, 6]]]
    seen = nodes.seen(4, cosine)
    assert seen[0, 0].tolist() == [[1.0] * 4, [1.0] * 4, [1.0] * 4, [0.0, 0.0, 0.0, 1.0]]
