"""Performance profiles."""

from reports.analysis.selection import select
from reports.figures import profiles
from tests.reports.figures.drawn_figures import Fill, drawn, scored


def test_profiles_need_three_runs(fill: Fill) -> None:
    plot = drawn(profiles.draw, select(fill(*scored("a", 0.5, 0.6, 0.7), *scored("b", 0.1))))
    assert plot is not None
    assert "half of the runs of a are above 0.5" in plot.description
    assert drawn(profiles.draw, select(fill(*scored("a", 0.5, 0.6), name="few"))) is None
