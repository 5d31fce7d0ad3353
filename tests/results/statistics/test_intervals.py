from collections.abc import Callable

import numpy as np
import pytest

from results.statistics.intervals import mean_interval


def test_mean_interval_equals_values_by_hand() -> None:
    """t with 2 degrees of freedom at 97.5% is 4.302653 (Student's table); s = 1, n = 3."""
    found = mean_interval([1.0, 2.0, 3.0])
    half = 4.302653 / np.sqrt(3)
    assert float(found.mean) == 2.0
    assert float(found.low) == pytest.approx(2 - half, abs=1e-6)
    assert float(found.high) == pytest.approx(2 + half, abs=1e-6)
    assert int(found.count) == 3


def test_mean_interval_widens_with_confidence() -> None:
    """t with 1 degree of freedom at 75% is exactly 1 (the Cauchy distribution's quartile)."""
    found = mean_interval([0.0, 1.0], confidence=0.5)
    assert float(found.high) == pytest.approx(0.5 + np.sqrt(0.5) / np.sqrt(2))


def test_mean_interval_of_one_value_is_nan() -> None:
    one, none = mean_interval([0.4]), mean_interval([])
    assert float(one.mean) == 0.4
    assert np.isnan([one.low, one.high, none.mean, none.low]).all()
    assert int(none.count) == 0


def test_mean_interval_is_columnwise_and_ignores_nan() -> None:
    found = mean_interval([[1.0, 5.0], [3.0, np.nan], [np.nan, np.nan]])
    alone = mean_interval([1.0, 3.0])
    np.testing.assert_array_equal(found.count, [2, 1])
    np.testing.assert_allclose(found.mean, [2.0, 5.0])
    np.testing.assert_allclose(found.high[0], alone.high)
    assert np.isnan(found.high[1])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_mean_interval_rejects_invalid_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        mean_interval([1.0, 2.0], confidence=confidence)


@pytest.mark.parametrize(
    ("draw", "mean", "covered"),
    [
        (lambda generator, shape: generator.normal(size=shape), 0.0, (0.93, 0.97)),
        (
            lambda generator, shape: generator.binomial(64, 0.97, size=shape) / 64,
            0.97,
            (0.93, 0.97),
        ),
        (lambda generator, shape: generator.beta(19, 1, size=shape), 0.95, (0.89, 0.93)),
        (lambda generator, shape: generator.beta(9.9, 0.1, size=shape), 0.99, (0.60, 0.75)),
    ],
    ids=["normal", "questions", "skewed", "at the ceiling"],
)
def test_mean_interval_has_the_documented_coverage(
    draw: Callable[[np.random.Generator, tuple[int, int]], np.ndarray],
    mean: float,
    covered: tuple[float, float],
) -> None:
    found = mean_interval(draw(np.random.default_rng(0), (10, 20_000)))
    share = np.mean((found.low <= mean) & (mean <= found.high))
    assert covered[0] < share < covered[1]
