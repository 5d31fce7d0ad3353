import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from results.statistics.comparisons import (
    compare,
    effect_size,
    improvement,
    signed_rank,
)

few = st.lists(st.integers(-3, 3), min_size=1, max_size=9)


@pytest.mark.parametrize("count", [3, 6, 10, 20])
def test_signed_rank_equals_scipy_without_ties(count: int) -> None:
    difference = np.random.default_rng(count).normal(0.4, 1.0, size=count)
    assert signed_rank(difference) == pytest.approx(
        stats.wilcoxon(difference, method="exact").pvalue, abs=1e-12
    )


@given(few)
def test_signed_rank_is_exact_with_ties(difference: list[int]) -> None:
    """The reference enumerates all 2^n assignments of signs."""
    found = np.array([value for value in difference if value], dtype=float)
    ranks = stats.rankdata(np.abs(found))
    observed = ranks[found > 0].sum()
    sums = np.array(
        [
            ranks[np.array(signs, dtype=bool)].sum()
            for signs in itertools.product([0, 1], repeat=len(found))
        ]
    )
    expected = min(1.0, 2 * min((sums <= observed).mean(), (sums >= observed).mean()))
    assert signed_rank(difference) == pytest.approx(expected, abs=1e-12)


def test_signed_rank_needs_six_seeds_for_five_percent() -> None:
    assert signed_rank([0.1, 0.2, 0.3, 0.4, 0.5]) == 2 / 2**5 > 0.05
    assert signed_rank(np.arange(1, 11)) == 2 / 2**10
    assert signed_rank([0.0, 0.0]) == 1.0


def test_comparison_ignores_rounding() -> None:
    assert signed_rank([0.1 + 0.2 - 0.3] * 8) == 1.0
    found = compare([0.1 + 0.2, 0.5], [0.3, 0.5], generator=np.random.default_rng(0))
    assert (found.wins, found.ties, found.losses) == (0, 2, 0)


def test_effect_size_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, standard deviation 1, correction 1 − 3/(4·2 − 1)."""
    assert effect_size([1.0, 2.0, 3.0]) == pytest.approx(2 * (1 - 3 / 7))
    assert np.isnan(effect_size([1.0, 2.0]))
    assert np.isnan(effect_size([0.5] * 5))


def test_compare_equals_values_by_hand() -> None:
    """The first is better in six of nine pairs of runs and equal in one; NaN seeds do not count."""
    found = compare(
        [0.9, 0.5, 0.4, np.nan, 0.1],
        [0.4, 0.3, 0.6, 0.2, np.nan],
        generator=np.random.default_rng(0),
    )
    assert (found.count, found.wins, found.ties, found.losses) == (3, 2, 0, 1)
    assert found.difference.value == pytest.approx((0.5 + 0.2 - 0.2) / 3)
    assert found.improvement.value == pytest.approx((6 + 0.5) / 9)
    assert found.improvement.low <= found.improvement.value <= found.improvement.high


def test_improvement_equals_mann_whitney() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.normal(0.3, 1, size=12), generator.normal(0, 1, size=12)
    expected = stats.mannwhitneyu(first, second).statistic / 144
    assert compare(first, second, generator=generator).improvement.value == pytest.approx(expected)


def test_improvement_is_resampled_in_pairs() -> None:
    """Runs share the noise of their seed: the interval of unpaired resamples would be far wider."""
    luck = np.random.default_rng(4).normal(size=30)
    found = compare(luck, luck - 0.01, generator=np.random.default_rng(0)).improvement
    assert 0.5 < found.value < 0.55
    assert 0.01 < found.high - found.low < 0.1


def test_improvement_over_benchmarks_is_the_mean() -> None:
    pairs = [([1.0, 2.0], [0.0, 0.0]), ([0.0, 0.0, 0.0], [1.0, 1.0, 0.0]), ([np.nan], [1.0])]
    found = improvement(pairs, generator=np.random.default_rng(0))
    assert found.value == pytest.approx((1 + (1 / 3) / 2) / 2)
    assert found.low < found.value < found.high < 1
    assert np.isnan(improvement([], generator=np.random.default_rng(0)).value)


def test_compare_is_antisymmetric() -> None:
    first, second = np.random.default_rng(3).uniform(size=(2, 10))
    one, other = (
        compare(*pair, generator=np.random.default_rng(0))
        for pair in ((first, second), (second, first))
    )
    assert one.difference.value == -other.difference.value
    assert one.improvement.value == pytest.approx(1 - other.improvement.value)
    assert one.difference.low == pytest.approx(-other.difference.high, abs=0.02)
    assert (one.wilcoxon, one.effect) == (other.wilcoxon, pytest.approx(-other.effect))


def test_compare_without_common_seeds_is_nan() -> None:
    nothing = compare([np.nan, 1.0], [1.0, np.nan], generator=np.random.default_rng(0))
    assert nothing.count == 0
    assert np.isnan(nothing.difference.value)
    with pytest.raises(ValueError, match="one score of each per seed"):
        compare([1.0], [1.0, 2.0], generator=np.random.default_rng(0))


def test_compare_interval_has_nominal_coverage_at_ten_seeds() -> None:
    """Scores share the noise of their seed: pairing removes it, and the coverage is nominal."""
    generator = np.random.default_rng(0)
    trials, held, widths = 800, 0, []
    for _ in range(trials):
        luck = generator.normal(size=10)
        found = compare(
            luck + generator.normal(0.5, 0.2, 10),
            luck + generator.normal(0, 0.2, 10),
            generator=generator,
            resamples=400,
        )
        held += found.difference.low <= 0.5 <= found.difference.high
        widths.append(found.difference.high - found.difference.low)
    assert 0.92 < held / trials < 0.97
    assert np.mean(widths) < 0.5  # unpaired, it would be 1.8
