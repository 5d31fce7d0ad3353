"""Survival curves of slots."""

import numpy as np

from reports.figures.slot_survival import at


def test_step_curves_are_evaluated_between_steps() -> None:
    found = at(np.array([0.0, 1.5, 2.0, 9.0]), np.array([0.0, 2.0, 5.0]), np.array([1.0, 0.5, 0.1]))
    np.testing.assert_array_equal(found, [1.0, 1.0, 0.5, np.nan])
