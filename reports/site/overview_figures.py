"""Figures over all benchmarks of a kind, each for a wide page and for a phone."""

from collections.abc import Iterator

from reports.analysis.heat import heat_tables
from reports.analysis.selection import Selection
from reports.analysis.summary import ranked
from reports.figures import memory_curve, small_multiples
from reports.figures.choice import choose
from reports.figures.plot import Plot
from reports.figures.style import Style

NAMES = ("all-tasks-accuracy-by-distance", "all-streams-total-bytes")
"""Names of the figures; that of a phone has the suffix ``-narrow``."""

WIDE_PANELS, NARROW_PANELS = (4, 4), (2, 1)
"""Panels per line of the two figures, on a wide page and on a phone."""


def overview_figures(selection: Selection, style: Style) -> list[tuple[Plot, Plot]]:
    """Draw the figures that have something to show, each twice; that of a phone is SVG only."""
    shown = {heat.kind: heat.subjects for heat in heat_tables(selection)}
    rows = {
        subject: [entry for entry, _ in ranked(selection, subject)]
        for subjects in shown.values()
        for subject in subjects
    }
    tasks = [(one, choose(rows[one]).rows) for one in shown.get("task", ())]
    streams = [(one, rows[one]) for one in shown.get("stream", ())]
    found = []
    for draw, panels, name, wide, narrow in (
        (small_multiples.draw, tasks, NAMES[0], WIDE_PANELS[0], NARROW_PANELS[0]),
        (memory_curve.draw, streams, NAMES[1], WIDE_PANELS[1], NARROW_PANELS[1]),
    ):
        large = draw(panels, style, name, columns=wide)
        small = draw(panels, style, f"{name}-narrow", columns=narrow, svg_only=True)
        if large is not None and small is not None:
            found.append((large, small))
    return found


def names() -> Iterator[str]:
    """Yield the names of all figures that may exist."""
    for name in NAMES:
        yield from (name, f"{name}-narrow")
