"""Association: the links that were met lead from what is asked to the answer, and no shorter way does."""

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
from tests.benchmarks.tasks.seeded_draws import asked, asked_on_forks, generator


@pytest.mark.parametrize(("hops", "chains"), [(1, 3), (2, 3), (3, 2)])
def test_every_question_is_answered_by_following_as_many_links_as_it_says(
    hops: int, chains: int
) -> None:
    config = association.Config(hops=hops, chains=chains)
    batch = association.build(config).sample(100, generator())
    asked_hops = []
    starts: dict[int, list[bool]] = {number + 1: [] for number in range(hops)}
    for tokens, position, target in asked(batch):
        found = links(tokens[:32], ENTITIES)
        assert len(found) == chains * hops
        assert len({entity for link in found for entity in link}) == chains * (hops + 1), (
            "no two chains share an entity"
        )
        marker = tokens[position - 1] - ENTITIES - NOISE
        assert 0 <= marker < hops
        assert position > 32
        assert follow(found, tokens[position], marker + 1) == target
        asked_hops.append(marker + 1)
        starts[marker + 1].append(tokens[position] not in {other for _, other in found})
    assert asked_hops.count(hops) == 100 * chains
    assert len(asked_hops) == 100 * chains * (2 if hops > 1 else 1), (
        "half of the questions go all the way"
    )
    if hops == 3:
        assert 0.3 < asked_hops.count(1) / (100 * chains) < 0.7
    for followed, from_head in starts.items():
        assert sum(from_head) / len(from_head) == pytest.approx(
            1 / (hops - followed + 1), abs=0.1
        ), "from any entity that can"
    # Behind the evidence stand the questions alone: their markers, each before an entity.
    for tokens in batch.inputs.tolist():
        second = tokens[32:]
        assert all(
            (token >= ENTITIES + NOISE) == (behind < ENTITIES)
            for token, behind in itertools.pairwise(second)
        )
        assert second[-1] < ENTITIES + NOISE
        assert second[0] >= ENTITIES


def test_links_stand_in_random_order_at_random_places() -> None:
    batch = association.build(association.Config()).sample(2000, generator())
    later = sum(
        [link[0] for link in found].index(middle) > [link[1] for link in found].index(middle)
        for tokens in batch.inputs[:, :32].tolist()
        for found in [links(tokens, ENTITIES)]
        for middle in {one for one, _ in found} & {other for _, other in found}
    )
    assert later / (2000 * 3) == pytest.approx(0.5, abs=0.04), (
        "the second link of a chain comes before the first as often as behind it"
    )
    occupied = (batch.inputs[:, :31] < ENTITIES).float().mean(0)
    assert occupied.min() > 0.15
    assert (batch.inputs[:, 31] >= ENTITIES).all()


def test_streams_ask_whole_chains_and_apart_from_them_every_link() -> None:
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
        for index, (tokens, place, target) in enumerate(asked_on_forks(query_stream, distance)):
            hops = tokens[place - 1] - ENTITIES - NOISE + 1
            assert hops == (2 if index % 9 < 3 else 1)
            assert follow(links(tokens[:32], ENTITIES), tokens[place], hops) == target
            assert place - 31 == distance
            assert all(ENTITIES <= token < ENTITIES + NOISE for token in tokens[32 : place - 1])


def test_one_link_alone_never_gives_the_answer_of_a_whole_chain() -> None:
    query_stream = association.build(association.Config()).query_stream(100, generator())
    for index, (tokens, place, target) in enumerate(asked_on_forks(query_stream, 64)):
        if index % 9 < 3:
            assert follow(links(tokens[:32], ENTITIES), tokens[place], 1) != target
            assert (tokens[place], target) not in links(tokens[:32], ENTITIES)


def hard_questions(batch: Batch) -> Iterator[tuple[list[tuple[int, int]], int, bool, int, int]]:
    """Yield links, entity asked, whether it is a root, class wanted, and answer."""
    for tokens, position, target in asked(batch):
        marker = tokens[position - 1] - (ENTITIES + 2 * LEAVES + NOISE)
        assert 0 <= marker < 4
        yield (
            links(tokens[:64], ENTITIES + 2 * LEAVES),
            tokens[position],
            marker < 2,
            marker % 2,
            target,
        )


def test_every_hard_question_has_one_answer_of_the_class_it_names() -> None:
    batch = association_hard.build(association_hard.Config()).sample(100, generator())
    roots = 0
    for found, entity, root, wanted, target in hard_questions(batch):
        assert len(found) == 12
        assert leaves(found, entity, wanted) == {target}
        assert leaf_class(target) == wanted
        assert len([link for link in found if link[0] == entity]) == (2 if root else 1)
        assert (leaves(found, entity, 1 - wanted) == set()) != root
        roots += root
    assert roots == 100 * 6
    assert batch.targets.numel() == 2 * roots


def test_following_the_last_link_is_wrong_every_other_time_in_the_hard_form() -> None:
    batch = association_hard.build(association_hard.Config()).sample(300, generator())
    last = [
        follow(found, entity, 2) == target
        for found, entity, root, _, target in hard_questions(batch)
        if root
    ]
    first = [
        follow(found[::-1], entity, 2) == target
        for found, entity, root, _, target in hard_questions(batch)
        if root
    ]
    assert sum(last) / len(last) == 0.5
    assert sum(first) / len(first) == 0.5
    by_class = [
        leaf_class(follow(found, entity, 2))
        for found, entity, root, wanted, _ in hard_questions(batch)
        if root and wanted
    ]
    assert sum(found == 1 for found in by_class) / len(by_class) == pytest.approx(0.5, abs=0.06), (
        "the order tells nothing of the class"
    )


def test_who_guesses_in_the_class_asked_has_the_accuracy_that_is_called_chance() -> None:
    query_stream = association_hard.build(association_hard.Config()).query_stream(6000, generator())
    queries = query_stream.queries()
    for wanted in (0, 1):
        answers = queries.targets[:, wanted:6:2].flatten()
        assert {leaf_class(int(answer)) for answer in answers[:100]} == {wanted}
        guesses = answers[torch.randperm(len(answers), generator=generator())]
        assert float((guesses == answers).double().mean()) == pytest.approx(
            association_hard.CHANCE, abs=0.004
        )


def test_the_hard_form_is_asked_at_the_stated_distance() -> None:
    for distance in (64, 256):
        query_stream = association_hard.build(association_hard.Config(furthest=256)).query_stream(
            20, generator(2)
        )
        assert query_stream.queries().groups["one_hop"].tolist() == list(range(6, 12))
        for index, (tokens, place, target) in enumerate(asked_on_forks(query_stream, distance)):
            found = links(tokens[:64], ENTITIES + 2 * LEAVES)
            marker = tokens[place - 1] - (ENTITIES + 2 * LEAVES + NOISE)
            assert (marker < 2) == (index % 12 < 6)
            assert leaves(found, tokens[place], marker % 2) == {target}
            assert place - 63 == distance
