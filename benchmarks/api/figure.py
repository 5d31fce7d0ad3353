"""``memnet.figure``: a figure for a paper as a Matplotlib figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from benchmarks.api.leaderboard import Stores, selected
from reports.figures import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(
    name: str,
    stores: Stores = "published",
    *,
    benchmarks: Iterable[str] = (),
    models: Iterable[str] = (),
    methods: Iterable[str] = (),
    width: float = 6.3,
    height: float | None = None,
) -> Figure:
    """Draw a figure of one or several stores, as ``memnet figure`` does.

    Args:
        name: ``accuracy-by-distance``, ``learning-curves``, ``memory-curve``, ``size-curves``,
            ``forgetting-curves`` or ``survival``.
        stores: Folders of records; ``published`` is the package's own.
        benchmarks: Benchmarks, or patterns such as ``mqar*``; empty for all that have the figure.
        models: Models, as in cells, or patterns; empty for a choice by role. So for methods.
        methods: Methods, as in cells, or patterns.
        width: Width in inches.
        height: Height in inches; by default as needed.

    Returns:
        The figure; its axes can be changed before ``savefig``.

    Raises:
        UsageError: If a name is unknown, or no record has what the figure shows.
    """
    return paper.figure(
        name,
        selected(stores),
        benchmarks=tuple(benchmarks),
        models=tuple(models),
        methods=tuple(methods),
        width=width,
        height=height,
    )
