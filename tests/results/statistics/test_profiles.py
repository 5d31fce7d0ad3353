import numpy as np
import pytest

from results.statistics.profiles import performance_profile


def test_profile_equals_shares_by_hand() -> None:
    """Benchmarks have equal weights. A run at the threshold is not above it."""
    found = performance_profile(
        [[0.2, 0.6], [0.9, 0.8, 0.7, 0.5]],
        [0.0, 0.5, 0.65, 0.9],
        generator=np.random.default_rng(0),
    )
    np.testing.assert_allclose(found.share, [1.0, (1 / 2 + 3 / 4) / 2, (0 + 3 / 4) / 2, 0.0])
    assert (np.diff(found.share) <= 0).all()


def test_profile_band_contains_the_profile() -> None:
    scores = np.random.default_rng(1).uniform(0.3, 0.7, size=(4, 10))
    found = performance_profile(
        list(scores), np.linspace(0, 1, 21), generator=np.random.default_rng(0)
    )
    assert ((found.low <= found.share) & (found.share <= found.high)).all()
    assert (found.high - found.low)[[0, 1, -1]].max() == 0.0
    assert (found.high - found.low)[10] > 0.1


def test_profile_band_equals_a_naive_bootstrap() -> None:
    """For one threshold the share is a binomial proportion with deviation √(p(1−p)/n)."""
    scores = np.repeat([0.0, 1.0], [100, 300])
    found = performance_profile([scores], [0.5], generator=np.random.default_rng(0), resamples=8000)
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert (found.low[0], found.high[0]) == (
        pytest.approx(0.75 - half, abs=0.004),
        pytest.approx(0.75 + half, abs=0.004),
    )


def test_profile_of_single_runs_has_no_band() -> None:
    found = performance_profile([[0.4], [0.6], []], [0.5], generator=np.random.default_rng(0))
    assert found.share[0] == 0.5
    assert np.isnan([found.low[0], found.high[0]]).all()
    with pytest.raises(ValueError, match="no scores"):
        performance_profile([[]], [0.5], generator=np.random.default_rng(0))
