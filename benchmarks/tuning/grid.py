"""The grid of tuning: learning rates, and on request any other options.

The default rates are the same for every model and method: five from 3e-4 to 3e-2, in the log-spaced
series 1, 3, 10.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.planning.set_options import LEARNING_RATE_KEY, parse_rate, parse_settings
from results.errors import UsageError

RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
"""Learning rates of the default grid."""

SMALLEST_RATE, LARGEST_RATE = 3e-5, 3e-1
"""Bounds of an extended grid."""

RATE_ALIASES = ("lr", "learning_rate", LEARNING_RATE_KEY)
"""Names of the learning rate in ``--grid``."""

Options = tuple[tuple[str, str], ...]
"""Options other than the learning rate, as ``--set`` takes them."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A point of the grid.

    Attributes:
        learning_rate: The learning rate.
        options: Other options, by key, with the prefixes of ``--set``.
    """

    learning_rate: float
    options: Options = ()

    @property
    def label(self) -> str:
        """Name of the point in folders: its rate and its other options."""
        return "-".join(
            [str(self.learning_rate), *(f"{key}={value}" for key, value in self.options)]
        )

    @property
    def settings(self) -> list[str]:
        """The ``--set`` options of the point."""
        rate = f"{LEARNING_RATE_KEY}={self.learning_rate}"
        return [f"{key}={value}" for key, value in self.options] + [rate]


DEFAULT_GRID = tuple(map(Point, RATES))


def parse_grid(texts: Iterable[str]) -> tuple[Point, ...]:
    """Return the points of ``--grid lr=0.001,0.01,model.width=32,64``; the default grid if empty.

    Keys have the prefixes of ``--set``; ``lr`` is the learning rate. Without one, the default rates
    are used.

    Raises:
        UsageError: If a text is not of this form, or a key has no value or is given twice.
    """
    values: dict[str, list[str]] = {}
    for text in texts:
        key = ""
        for part in text.split(","):
            name, equals, value = part.partition("=")
            if equals:
                key = LEARNING_RATE_KEY if name.strip() in RATE_ALIASES else name.strip()
                if key in values:
                    raise UsageError(f"--grid {text} gives {key} twice: leave one out")
                values[key] = []
            if not key or not (value if equals else part).strip():
                raise UsageError(
                    f"--grid {text} is not valid: write KEY=VALUE,VALUE, such as lr=0.001,0.01 or "
                    "model.width=32,64"
                )
            values[key].append((value if equals else part).strip())
    rates = [
        parse_rate(LEARNING_RATE_KEY, text) for text in values.pop(LEARNING_RATE_KEY, [])
    ] or list(RATES)
    for key, texts_ in values.items():
        parse_settings([f"{key}={value}" for value in texts_])
    products = itertools.product(*([(key, one) for one in ones] for key, ones in values.items()))
    return tuple(Point(rate, options) for options in products for rate in sorted(set(rates)))


def beyond(tried: Sequence[float], best: float) -> float | None:
    """Return the next rate of the series 1, 3, 10 if the best rate is the edge of the tried ones.

    Args:
        tried: All rates that were tried.
        best: The best of them.

    Returns:
        The rate; None if the best one is not an edge, or the bounds are reached.
    """
    if best == max(tried):
        after = _series(best, up=True)
        return after if after <= LARGEST_RATE else None
    if best == min(tried):
        before = _series(best, up=False)
        return before if before >= SMALLEST_RATE else None
    return None


def _series(rate: float, *, up: bool) -> float:
    """Return the member of the series nearest to √10 times (or the fraction of) a rate."""
    target = math.log10(rate) + (0.5 if up else -0.5)
    powers = range(math.floor(target) - 1, math.ceil(target) + 2)
    members = [float(f"{digit}e{power}") for power in powers for digit in (1, 3)]
    return min(members, key=lambda member: abs(math.log10(member) - target))
