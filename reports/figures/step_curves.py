"""Points of step curves without those that change nothing: the same drawing in a smaller file."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def corners(*curves: Array) -> npt.NDArray[np.intp]:
    """Return where any of the curves steps, with the first and the last point.

    Args:
        curves: Values that hold until the next point, each ``[K]``, of the same points; NaN equals
            NaN.

    Returns:
        Rising indices, with ``K = 0`` none.
    """
    if not len(curves[0]):
        return np.zeros(0, dtype=np.intp)
    steps = np.zeros(len(curves[0]), dtype=bool)
    steps[[0, -1]] = True
    for curve in curves:
        before, after = curve[:-1], curve[1:]
        steps[1:] |= (before != after) & ~(np.isnan(before) & np.isnan(after))
    return np.flatnonzero(steps)
