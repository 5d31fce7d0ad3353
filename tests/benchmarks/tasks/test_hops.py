"""Hops: the target is as many links from the start as the query has hop tokens."""

import itertools
from collections import Counter

import pytest
import torch

from benchmarks.tasks import hops
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.oracles import ENTITIES, HOP, follow, links
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator, stream_queries


def hop_count(tokens: list[int], position: int) -> int:
    """Count the hop tokens at the end."""
    return len(list(itertools.takewhile(lambda token: token == HOP, tokens[position::-1])))


def test_links_form_a_ring_in_random_order() -> None:
    batch = hops.build(hops.Config()).sample(500, generator())
    later = 0
    for tokens in batch.inputs[:, :32].tolist():
        found = links(tokens, ENTITIES)
        assert len(found) == len(dict(found)) == 8
        assert follow(found, found[0][0], 8) == found[0][0]
        assert all(follow(found, found[0][0], count) != found[0][0] for count in range(1, 8))
        place = {one: index for index, (one, _) in enumerate(found)}
        later += sum(place[one] > place[other] for one, other in found)
    assert later / 4000 == pytest.approx(0.5, abs=0.04)


def test_training_has_up_to_two_hops() -> None:
    batch = hops.build(hops.Config()).sample(300, generator())
    counts = Counter[int]()
    for tokens, position, target in batch_queries(batch):
        assert position > 32
        assert oracles.hops(tokens, position) == target
        assert tokens[position + 1] != HOP
        counts[hop_count(tokens, position)] += 1
    assert set(counts) == {1, 2}
    assert counts[1] / 1200 == pytest.approx(0.5, abs=0.06)
    outside = batch.inputs[:, 32:]
    assert ((outside < ENTITIES).sum(1) == 4).all(), "entities are in queries only"


def test_training_hops_are_an_option() -> None:
    batch = hops.build(hops.Config(train_hops=5)).sample(100, generator())
    counts = Counter(hop_count(tokens, place) for tokens, place, _ in batch_queries(batch))
    assert set(counts) == {1, 2, 3, 4, 5}


def test_streams_have_1_to_5_hops_from_the_same_starts() -> None:
    for distance in (64, 256):
        query_stream = hops.build(hops.Config()).query_stream(30, generator(1))
        queries = query_stream.queries()
        assert queries.inputs.shape == (30, 20, 6)
        assert {name: columns.tolist() for name, columns in queries.groups.items()} == {
            "one_hop": [0, 1, 2, 3],
            "three_hops": [8, 9, 10, 11],
            "four_hops": [12, 13, 14, 15],
            "five_hops": [16, 17, 18, 19],
        }
        for index, (tokens, place, target) in enumerate(stream_queries(query_stream, distance)):
            count = 1 + index % 20 // 4
            assert hop_count(tokens, place) == count
            assert oracles.hops(tokens, place) == target
            assert place - 31 == distance
            assert all(ENTITIES <= token < HOP for token in tokens[32 : place - count])
        starts = [queries.inputs[:, 4 * n - 4 : 4 * n, 5 - n] for n in range(1, 6)]
        assert all(torch.equal(starts[0], other) for other in starts[1:])


def test_filter_on_entities_with_fewer_look_ups_is_always_wrong() -> None:
    """A store of the entity pairs answers one hop at the first look-up, and no other."""
    query_stream = hops.build(hops.Config()).query_stream(50, generator(2))
    for tokens, place, target in stream_queries(query_stream, 64):
        count, table = hop_count(tokens, place), links(tokens[:32], ENTITIES)
        start = tokens[place - count]
        assert [follow(table, start, n) == target for n in range(6)] == [
            n == count for n in range(6)
        ]


def test_position_in_the_evidence_does_not_tell_the_target() -> None:
    query_stream = hops.build(hops.Config()).query_stream(500, generator(3))
    ranks: dict[int, Counter[int]] = {count: Counter() for count in range(1, 6)}
    for tokens, place, target in stream_queries(query_stream, 64):
        order = [entity for entity, _ in links(tokens[:32], ENTITIES)]
        ranks[hop_count(tokens, place)][order.index(target)] += 1
    for counted in ranks.values():
        assert max(counted.values()) / counted.total() < 0.18
        assert min(counted.values()) / counted.total() > 0.08
