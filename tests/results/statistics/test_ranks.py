import numpy as np
import pytest

from results.statistics.ranks import pairwise, ranks


def _scores(*means: float, spread: float = 0.01, seeds: int = 10) -> np.ndarray:
    return np.array(means)[:, None] + np.random.default_rng(0).normal(
        0, spread, size=(len(means), seeds)
    )


def test_clear_differences_rank_in_order() -> None:
    assert list(ranks(_scores(0.5, 0.9, 0.7))) == [3, 1, 2]


def test_what_is_not_significant_is_a_tie() -> None:
    assert list(ranks(_scores(0.9, 0.5, 0.5001))) == [1, 2, 2]
    assert list(ranks(_scores(0.9, 0.8, 0.7, spread=1.0))) == [1, 1, 1]


def test_seeds_are_paired() -> None:
    """The luck of a seed is far larger than the difference, and shared."""
    luck = np.random.default_rng(1).normal(0, 1, size=10)
    assert list(ranks(luck + _scores(0.5, 0.6))) == [2, 1]


def test_few_seeds_tie() -> None:
    scores = _scores(0.9, 0.1)
    scores[1, 2:] = np.nan
    assert list(ranks(scores)) == [1, 1]
    scores[1, 2] = 0.1
    assert list(ranks(scores)) == [1, 2]


def test_many_comparisons_are_corrected_for() -> None:
    """p of 0.03 separates two models alone, and not two among thirty."""
    scores = np.random.default_rng(3).normal(0, 1, size=(30, 10))
    raw = pairwise(scores[[0, 1]])
    assert raw[0][0, 1] == raw[0][1, 0]
    assert ranks(scores).max() == 1


def test_none_is_placed_above_one_of_a_better_mean() -> None:
    scattered = 0.55 + np.array([0.6, -0.6] * 5)
    scores = np.vstack([_scores(0.9, 0.6), scattered])
    p, _ = pairwise(scores)
    assert p[0, 1] < 0.05 < p[0, 2], "the last scatters too widely to be told from the first"
    assert list(ranks(scores)) == [1, 2, 2]
    assert list(ranks(scores[[2, 0, 1]])) == [2, 1, 2]


def test_no_models_no_ranks() -> None:
    assert len(ranks(np.zeros((0, 3)))) == 0
    assert list(ranks(np.full((2, 3), np.nan))) == [1, 1]


def test_pairs_are_antisymmetric() -> None:
    p, difference = pairwise(_scores(0.5, 0.9, 0.7))
    np.testing.assert_array_equal(difference, -difference.T)
    assert p[0, 1] == p[1, 0] < 0.05
    assert np.isnan(p.diagonal()).all()
    assert difference[1, 0] == pytest.approx(0.4, abs=0.02)


def test_equal_models_seldom_rank_apart() -> None:
    """Five models without any difference: one of all ten pairs is found to differ in one table of twenty at most."""
    generator = np.random.default_rng(0)
    apart = sum(ranks(generator.normal(size=(5, 10))).max() > 1 for _ in range(1000))
    assert 0.02 < apart / 1000 < 0.07
