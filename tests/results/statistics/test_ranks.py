import numpy as np
import pytest

from results.statistics.ranks import all_pairs, is_tested, pairwise, ranks


def _scores(*means: float, spread: float = 0.01, seeds: int = 10) -> np.ndarray:
    return np.array(means)[:, None] + np.random.default_rng(0).normal(
        0, spread, size=(len(means), seeds)
    )


def test_ranks_order_large_differences() -> None:
    assert list(ranks(_scores(0.5, 0.9, 0.7))) == [3, 1, 2]


def test_ranks_tie_without_significance() -> None:
    assert list(ranks(_scores(0.9, 0.5, 0.5001))) == [1, 2, 2]
    assert list(ranks(_scores(0.9, 0.8, 0.7, spread=1.0))) == [1, 1, 1]


def test_a_model_is_tested_by_five_common_seeds_with_one_that_counts() -> None:
    scores = _scores(0.9, 0.5, 0.1, seeds=6)
    scores[0, :1] = scores[1, 2:] = np.nan
    assert list(is_tested(scores)) == [True, False, True]
    assert list(is_tested(scores, [True, True, False])) == [False, False, True]
    assert list(is_tested(scores[:1])) == [False]
    assert list(is_tested([])) == []


def test_ranks_use_paired_seeds() -> None:
    """The noise of a seed is shared and far larger than the difference."""
    luck = np.random.default_rng(1).normal(0, 1, size=10)
    assert list(ranks(luck + _scores(0.5, 0.6))) == [2, 1]


def test_ranks_tie_with_few_seeds() -> None:
    scores = _scores(0.9, 0.1)
    scores[1, 4:] = np.nan
    assert list(ranks(scores)) == [1, 1]
    scores[1, 4] = 0.1
    assert list(ranks(scores)) == [1, 2]


@pytest.mark.parametrize("seeds", [3, 10])
def test_ranks_start_at_one_although_common_seeds_contradict_the_means(seeds: int) -> None:
    """The second model failed in the seeds in which the first one is bad."""
    first = [0.9] * seeds + [0.1] * seeds
    second = [0.8] * seeds + [np.nan] * seeds
    assert list(ranks([first, second])) == [1, 1]


@pytest.mark.parametrize("seed", range(30))
def test_some_model_has_rank_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.normal(0, 0.3, size=(6, 12)) + generator.normal(0, 1, size=(6, 1))
    scores[generator.uniform(size=scores.shape) < 0.3] = np.nan
    assert ranks(scores).min() == 1


def test_ranks_correct_for_multiple_comparisons() -> None:
    """A p of 0.03 is significant for two models, and not for two among thirty."""
    scores = np.random.default_rng(3).normal(0, 1, size=(30, 10))
    assert (all_pairs(scores).p == 1.0).sum() > 400
    assert ranks(scores).max() == 1


def test_ranks_follow_the_means() -> None:
    scattered = 0.55 + np.array([0.6, -0.6] * 5)
    scores = np.vstack([_scores(0.9, 0.6), scattered])
    significant, _ = pairwise(scores)
    assert significant[0, 1]
    assert not significant[0, 2], "the last varies too widely to differ from the first"
    assert list(ranks(scores)) == [1, 2, 2]
    assert list(ranks(scores[[2, 0, 1]])) == [2, 1, 2]


def test_ranks_of_no_models_are_empty() -> None:
    assert len(ranks(np.zeros((0, 3)))) == 0
    assert list(ranks(np.full((2, 3), np.nan))) == [1, 1]


def test_pairwise_is_antisymmetric() -> None:
    significant, difference = pairwise(_scores(0.5, 0.9, 0.7))
    np.testing.assert_array_equal(difference, -difference.T)
    np.testing.assert_array_equal(significant, ~np.eye(3, dtype=np.bool_))
    assert np.isnan(difference.diagonal()).all()
    assert difference[1, 0] == pytest.approx(0.4, abs=0.02)


def test_ranks_of_equal_models_differ_rarely() -> None:
    """For five equal models at most one table in twenty has a significant pair."""
    generator = np.random.default_rng(0)
    apart = sum(ranks(generator.normal(size=(5, 10))).max() > 1 for _ in range(1000))
    assert 0.02 < apart / 1000 < 0.07


def test_a_bound_has_a_rank_and_does_not_count_in_that_of_others() -> None:
    scores = _scores(0.95, 0.9, 0.5, 0.1)
    assert list(ranks(scores)) == [1, 2, 3, 4]
    assert list(ranks(scores, [False, True, True, False])) == [1, 1, 2, 3]
    assert list(ranks(scores, [False] * 4)) == [1, 2, 3, 4], "only bounds: they are compared"
