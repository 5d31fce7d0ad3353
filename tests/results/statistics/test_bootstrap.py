import numpy as np
import pytest
from scipy import stats

from results.statistics.bootstrap import drawn, drawn_counts, ends, estimate, interquartile_mean


def _mean(scores: np.ndarray) -> np.ndarray:
    return np.asarray(scores.mean(axis=-1))


def test_interquartile_mean_equals_values_by_hand() -> None:
    """Of eight scores two are cut from each end: (3 + 4 + 5 + 6) / 4.

    Of five, one: (2 + 3 + 4) / 3.
    """
    assert interquartile_mean(np.array([100.0, 1, 2, 3, 4, 5, 6, -7])) == pytest.approx(
        (2 + 3 + 4 + 5) / 4
    )
    assert interquartile_mean(np.array([1.0, 2, 3, 4, 50])) == 3.0
    assert interquartile_mean(np.array([0.0, 0, 1, 1, 1, 9, 9])) == pytest.approx(
        (0 + 1 + 1 + 1 + 9) / 5
    )
    np.testing.assert_array_equal(
        interquartile_mean(np.array([[0.0, 1, 1, 9], [2.0, 2, 2, 2]])), [1.0, 2.0]
    )


def test_drawn_resamples_each_benchmark_separately() -> None:
    found = drawn(
        [np.array([0.0, 1.0]), np.array([10.0, 11.0, 12.0])], np.random.default_rng(0), 500
    )
    assert found.shape == (500, 5)
    assert set(found[:, :2].ravel()) == {0.0, 1.0}
    assert set(found[:, 2:].ravel()) == {10.0, 11.0, 12.0}
    assert (drawn_counts(7, np.random.default_rng(0), 50).sum(axis=1) == 7).all()


def test_ends_use_the_levels_of_the_expanded_interval() -> None:
    """Ten seeds: Φ(√(10/9) · −2.262157) = 0.008551, the quantile of a uniform grid on [0, 1]."""
    low, high = ends(np.linspace(0, 1, 100_001), [10])
    assert (float(low), float(high)) == (
        pytest.approx(0.00855, abs=2e-5),
        pytest.approx(0.99145, abs=2e-5),
    )


def test_estimate_approaches_the_plain_percentile_interval() -> None:
    scores = np.random.default_rng(3).exponential(size=2000)
    found = estimate([scores], _mean, generator=np.random.default_rng(0), resamples=4000)
    plain = stats.bootstrap(
        (scores,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert found.value == pytest.approx(scores.mean())
    assert (found.low, found.high) == (
        pytest.approx(plain.low, abs=0.004),
        pytest.approx(plain.high, abs=0.004),
    )


def test_estimate_is_narrower_with_strata() -> None:
    """Benchmarks differ and their seeds hardly: that does not make the mean uncertain."""
    strata = [np.array([0.0, 0.01, 0.02]), np.array([1.0, 1.01, 1.02])]
    apart = estimate(strata, _mean, generator=np.random.default_rng(0))
    pooled = estimate([np.concatenate(strata)], _mean, generator=np.random.default_rng(0))
    assert apart.high - apart.low < 0.05 < 0.5 < pooled.high - pooled.low


def test_estimate_is_deterministic() -> None:
    strata = [np.arange(5.0), np.arange(3.0)]
    first, again = (
        estimate(strata, interquartile_mean, generator=np.random.default_rng(5)) for _ in range(2)
    )
    assert first == again


def test_estimate_of_one_score_has_no_interval() -> None:
    one = estimate([[0.5], []], _mean, generator=np.random.default_rng(0))
    assert one.value == 0.5
    assert np.isnan([one.low, one.high]).all()
    assert np.isnan(estimate([], _mean, generator=np.random.default_rng(0)).value)


def test_estimate_has_nominal_coverage() -> None:
    """The mean of a benchmark of ten seeds, and of three benchmarks of five seeds each."""
    generator = np.random.default_rng(0)
    held = {10: 0, 5: 0}
    trials = 1000
    for _ in range(trials):
        for count, spreads in ((10, [1.0]), (5, [1.0, 0.5, 0.2])):
            strata = [generator.normal(scale=spread, size=count) for spread in spreads]
            found = estimate(strata, _mean, generator=generator, resamples=400)
            held[count] += found.low <= 0.0 <= found.high
    assert 0.92 < held[10] / trials < 0.97
    assert 0.92 < held[5] / trials < 0.98
