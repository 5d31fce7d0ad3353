"""Eviction policies against hand-computed streams, and the optimum against all choices."""

import itertools
import random
from collections.abc import Sequence

import pytest

from strategies.sequence.eviction_policies import ItemEvent, hits, optimal_hits


def events(text: str) -> list[ItemEvent]:
    """Return an event per letter: a capital is a query of the item."""
    return [ItemEvent("abcdefgh".index(letter.lower()), letter.isupper()) for letter in text]


@pytest.mark.parametrize(
    ("policy", "text", "expected"),
    [
        ("lru", "abaCcBA", [False, False, False]),
        ("lru", "abacAB", [True, False]),
        ("fifo", "abacAB", [False, False]),
        ("fifo", "abacBA", [True, False]),
        ("lfu", "aabcA", [True]),
        ("lfu", "aabcB", [False]),
        ("lfu", "abbcAB", [False, True]),
    ],
)
def test_two_slots_have_the_hits_of_a_hand_computed_stream(
    policy: str, text: str, expected: list[bool]
) -> None:
    assert hits(events(text), 2, policy) == expected


def test_query_stores_a_missed_item() -> None:
    assert hits(events("abcAA"), 2, "lru") == [False, True]


def test_filter_stores_worthy_items_only() -> None:
    stream = events("abcA")
    assert hits(stream, 1, "lru", worth={0}) == [True]
    assert hits(stream, 1, "lru") == [False]


def test_item_that_is_queried_once_leaves_at_its_query() -> None:
    """Slots hold a and b; a leaves at its query, so b survives c, and a is not stored again."""
    stream = events("abAcBaBA")
    assert hits(stream, 2, "lru", once={0}) == [True, True, True, False]
    assert hits(events("abAcB"), 2, "lru") == [True, False]


def test_random_replacement_is_seeded_and_drops_any_item() -> None:
    stream = events("abcdeABCDE")
    results = {tuple(hits(stream, 3, "random", seed=seed)) for seed in range(30)}
    assert len(results) > 5
    assert hits(stream, 3, "random", seed=1) == hits(stream, 3, "random", seed=1)


def best_of_all_choices(stream: Sequence[ItemEvent], slots: int) -> int:
    """Return the largest number of hits over all choices of what to store after each event."""
    states = {frozenset[int](): 0}
    for event in stream:
        following: dict[frozenset[int], int] = {}
        for stored, found in states.items():
            reached = found + (event.query and event.item in stored)
            everything = stored | {event.item}
            for size in range(min(slots, len(everything)) + 1):
                for kept in map(frozenset, itertools.combinations(sorted(everything), size)):
                    following[kept] = max(following.get(kept, 0), reached)
        states = following
    return max(states.values())


@pytest.mark.parametrize("seed", range(20))
def test_optimum_has_as_many_hits_as_the_best_choices(seed: int) -> None:
    drawn = random.Random(seed)
    stream = [ItemEvent(drawn.randrange(5), drawn.random() < 0.4) for _ in range(14)]
    for slots in (1, 2):
        assert sum(optimal_hits(stream, slots)) == best_of_all_choices(stream, slots)
