"""Shared parts of tasks: positions of pairs, and keys that are bound twice."""

from collections import Counter

import pytest
import torch

from benchmarks.tasks._pairs import choose, places_for, rebind, scatter_apart, shuffle
from benchmarks.tasks._streams import powers_of_two
from tests.benchmarks.tasks.seeded_draws import generator


@pytest.mark.parametrize(("length", "count"), [(20, 3), (9, 3), (3, 1)])
def test_pairs_are_in_order_with_a_gap_after_each(length: int, count: int) -> None:
    tokens = torch.full((300, length), -1)
    pairs = torch.arange(2 * count).view(1, count, 2).expand(300, -1, -1)
    places = scatter_apart(tokens, pairs, generator())
    for row, starts in zip(tokens.tolist(), places.tolist(), strict=True):
        assert [token for token in row if token >= 0] == list(range(2 * count))
        assert [row[place] for place in starts] == list(range(0, 2 * count, 2))
        assert [row[place + 1] for place in starts] == list(range(1, 2 * count, 2))
        assert all(row[place + 2] == -1 for place in starts), "noise after each, and so at the end"


def test_longer_blocks_are_in_order_with_a_gap_after_each() -> None:
    tokens = torch.full((300, 12), -1)
    places = scatter_apart(tokens, torch.arange(9).view(1, 3, 3).expand(300, -1, -1), generator())
    assert (places == torch.tensor([0, 4, 8])).all(), "the minimum length"
    assert (tokens == torch.tensor([0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1])).all()


def test_all_placements_are_equally_likely() -> None:
    places = scatter_apart(
        torch.zeros(30_000, 8, dtype=torch.int64),
        torch.ones(30_000, 2, 2, dtype=torch.int64),
        generator(),
    )
    counted = Counter(map(tuple, places.tolist()))
    assert sorted(counted) == [(0, 3), (0, 4), (0, 5), (1, 4), (1, 5), (2, 5)]
    assert all(count / 30_000 == pytest.approx(1 / 6, abs=0.012) for count in counted.values())


def test_places_for_is_the_minimum_length() -> None:
    tokens, pairs = (
        torch.zeros(4, places_for(5), dtype=torch.int64),
        torch.ones(4, 5, 2, dtype=torch.int64),
    )
    scatter_apart(tokens, pairs, generator())
    assert tokens.sum() == 4 * 10
    with pytest.raises(RuntimeError):
        scatter_apart(tokens[:, :-1].contiguous(), pairs, generator())


def test_rebind_returns_the_last_pair_of_each_key() -> None:
    owner, last = rebind(6, 2, 500, generator())
    for keys, final in zip(owner.tolist(), last.tolist(), strict=True):
        assert Counter(keys) == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1}
        assert final == [
            max(pair for pair, key in enumerate(keys) if key == index) for index in range(6)
        ]
    assert len({tuple(keys) for keys in owner.tolist()}) > 450


def test_rebind_of_none_binds_every_key_once() -> None:
    owner, last = rebind(5, 0, 50, generator())
    assert torch.equal(owner.gather(1, last), torch.arange(5).expand(50, -1))
    assert (owner.sort(1).values == torch.arange(5)).all()


def test_choose_is_distinct_and_uniform() -> None:
    chosen = choose(4, 2, 24_000, generator())
    counted = Counter(map(tuple, chosen.tolist()))
    assert len(counted) == 12
    assert all(one != other for one, other in counted)
    assert all(count / 24_000 == pytest.approx(1 / 12, abs=0.008) for count in counted.values())


def test_shuffle_applies_one_order_to_all_tensors() -> None:
    one = torch.arange(60).view(6, 10)
    first, second = shuffle(generator(), one, torch.stack([one, -one], dim=-1))
    assert torch.equal(torch.stack([first, -first], dim=-1), second)
    assert torch.equal(first.sort(1).values, one)
    assert not torch.equal(first, one)


def test_powers_of_two_end_at_the_maximum() -> None:
    assert powers_of_two(64, 512) == [64, 128, 256, 512]
    assert powers_of_two(100, 1000) == [64, 128, 256, 512]
