"""Association: the links lead from the query to the target, and no shorter path does."""

import itertools
from collections.abc import Iterator

import pytest
import torch

from benchmarks.tasks import association, association_hard
from strategies.sequence.task import Batch
from tests.benchmarks.tasks.oracles import (
    ENTITIES,
    LEAVES,
    NOISE,
    follow,
    leaf_class,
    leaves,
    links,
)
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator, stream_queries


@pytest.mark.parametrize(("hops", "chains"), [(1, 3), (2, 3), (3, 2)])
def test_target_is_found_by_following_the_stated_number_of_links(hops: int, chains: int) -> None:
    config = association.Config(hops=hops, chains=chains)
    batch = association.build(config).sample(100, generator())
    query_hops = []
    starts: dict[int, list[bool]] = {number + 1: [] for number in range(hops)}
    for tokens, position, target in batch_queries(batch):
        found = links(tokens[:32], ENTITIES)
        assert len(found) == chains * hops
        assert len({entity for link in found for entity in link}) == chains * (hops + 1), (
            "no two chains share an entity"
        )
        marker = tokens[position - 1] - ENTITIES - NOISE
        assert 0 <= marker < hops
        assert position > 32
        assert follow(found, tokens[position], marker + 1) == target
        query_hops.append(marker + 1)
        starts[marker + 1].append(tokens[position] not in {other for _, other in found})
    assert query_hops.count(hops) == 100 * chains
    assert len(query_hops) == 100 * chains * (2 if hops > 1 else 1), (
        "half of the queries follow whole chains"
    )
    if hops == 3:
        assert 0.3 < query_hops.count(1) / (100 * chains) < 0.7
    for followed, from_head in starts.items():
        assert sum(from_head) / len(from_head) == pytest.approx(
            1 / (hops - followed + 1), abs=0.1
        ), "from any entity with enough links ahead"
    # After the evidence, markers and entities occur in queries only: each marker before an entity.
    for tokens in batch.inputs.tolist():
        second = tokens[32:]
        assert all(
            (token >= ENTITIES + NOISE) == (after < ENTITIES)
            for token, after in itertools.pairwise(second)
        )
        assert second[-1] < ENTITIES + NOISE
        assert second[0] >= ENTITIES


def test_links_are_in_random_order_at_random_positions() -> None:
    batch = association.build(association.Config()).sample(2000, generator())
    later = sum(
        [link[0] for link in found].index(middle) > [link[1] for link in found].index(middle)
        for tokens in batch.inputs[:, :32].tolist()
        for found in [links(tokens, ENTITIES)]
        for middle in {one for one, _ in found} & {other for _, other in found}
    )
    assert later / (2000 * 3) == pytest.approx(0.5, abs=0.04), (
        "the second link of a chain precedes the first half of the time"
    )
    occupied = (batch.inputs[:, :31] < ENTITIES).float().mean(0)
    assert occupied.min() > 0.15
    assert (batch.inputs[:, 31] >= ENTITIES).all()


def test_streams_have_queries_for_chains_and_for_every_link() -> None:
    for distance in (64, 256):
        query_stream = association.build(association.Config(furthest=256)).query_stream(
            30, generator(2)
        )
        queries = query_stream.queries()
        assert queries.targets.shape == (30, 3 + 6)
        assert queries.groups["one_hop"].tolist() == [3, 4, 5, 6, 7, 8]
        whole = {
            (row, entity)
            for row, heads in enumerate(queries.inputs[:, :3, 1].tolist())
            for entity in heads
        }
        assert len(whole) == 90
        for index, (tokens, place, target) in enumerate(stream_queries(query_stream, distance)):
            hops = tokens[place - 1] - ENTITIES - NOISE + 1
            assert hops == (2 if index % 9 < 3 else 1)
            assert follow(links(tokens[:32], ENTITIES), tokens[place], hops) == target
            assert place - 31 == distance
            assert all(ENTITIES <= token < ENTITIES + NOISE for token in tokens[32 : place - 1])


def test_no_single_link_leads_to_the_target_of_a_chain() -> None:
    query_stream = association.build(association.Config()).query_stream(100, generator())
    for index, (tokens, place, target) in enumerate(stream_queries(query_stream, 64)):
        if index % 9 < 3:
            assert follow(links(tokens[:32], ENTITIES), tokens[place], 1) != target
            assert (tokens[place], target) not in links(tokens[:32], ENTITIES)


def hard_queries(batch: Batch) -> Iterator[tuple[list[tuple[int, int]], int, bool, int, int]]:
    """Yield links, start entity, whether it is a root, class of the leaf, and target."""
    for tokens, position, target in batch_queries(batch):
        marker = tokens[position - 1] - (ENTITIES + 2 * LEAVES + NOISE)
        assert 0 <= marker < 4
        yield (
            links(tokens[:64], ENTITIES + 2 * LEAVES),
            tokens[position],
            marker < 2,
            marker % 2,
            target,
        )


def test_hard_query_has_one_leaf_of_the_class_it_names() -> None:
    batch = association_hard.build(association_hard.Config()).sample(100, generator())
    roots = 0
    for found, entity, root, kind, target in hard_queries(batch):
        assert len(found) == 12
        assert leaves(found, entity, kind) == {target}
        assert leaf_class(target) == kind
        assert len([link for link in found if link[0] == entity]) == (2 if root else 1)
        assert (leaves(found, entity, 1 - kind) == set()) != root
        roots += root
    assert roots == 100 * 6
    assert batch.targets.numel() == 2 * roots


def test_hard_task_following_the_last_link_is_wrong_half_of_the_time() -> None:
    batch = association_hard.build(association_hard.Config()).sample(300, generator())
    last = [
        follow(found, entity, 2) == target
        for found, entity, root, _, target in hard_queries(batch)
        if root
    ]
    first = [
        follow(found[::-1], entity, 2) == target
        for found, entity, root, _, target in hard_queries(batch)
        if root
    ]
    assert sum(last) / len(last) == 0.5
    assert sum(first) / len(first) == 0.5
    by_class = [
        leaf_class(follow(found, entity, 2))
        for found, entity, root, kind, _ in hard_queries(batch)
        if root and kind
    ]
    assert sum(found == 1 for found in by_class) / len(by_class) == pytest.approx(0.5, abs=0.06), (
        "the order carries no information on the class"
    )


def test_hard_task_guessing_within_the_class_has_chance_accuracy() -> None:
    query_stream = association_hard.build(association_hard.Config()).query_stream(6000, generator())
    queries = query_stream.queries()
    for kind in (0, 1):
        answers = queries.targets[:, kind:6:2].flatten()
        assert {leaf_class(int(answer)) for answer in answers[:100]} == {kind}
        guesses = answers[torch.randperm(len(answers), generator=generator())]
        assert float((guesses == answers).double().mean()) == pytest.approx(
            association_hard.CHANCE, abs=0.004
        )


def test_hard_query_is_at_the_stated_distance() -> None:
    for distance in (64, 256):
        query_stream = association_hard.build(association_hard.Config(furthest=256)).query_stream(
            20, generator(2)
        )
        assert query_stream.queries().groups["one_hop"].tolist() == list(range(6, 12))
        for index, (tokens, place, target) in enumerate(stream_queries(query_stream, distance)):
            found = links(tokens[:64], ENTITIES + 2 * LEAVES)
            marker = tokens[place - 1] - (ENTITIES + 2 * LEAVES + NOISE)
            assert (marker < 2) == (index % 12 < 6)
            assert leaves(found, tokens[place], marker % 2) == {target}
            assert place - 63 == distance
