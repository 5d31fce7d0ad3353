"""The corners of step curves."""

import numpy as np
import pytest

from reports.figures.step_curves import corners


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([1.0, 1.0, 1.0, 0.5, 0.5], [0, 3, 4]),
        ([1.0, 0.5, 0.0], [0, 1, 2]),
        ([np.nan, np.nan, 0.0], [0, 2]),
        ([1.0], [0]),
        ([], []),
    ],
)
def test_only_steps_and_ends_remain(curve: list[float], expected: list[int]) -> None:
    np.testing.assert_array_equal(corners(np.array(curve)), expected)


def test_a_step_of_any_curve_counts() -> None:
    first, second = np.array([1.0, 1.0, 0.0, 0.0, 0.0]), np.array([2.0, 1.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(corners(first, second), [0, 1, 2, 4])
