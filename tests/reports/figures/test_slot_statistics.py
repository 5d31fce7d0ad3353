"""Slot statistics: mean lifetimes and bands."""

from reports.analysis.selection import select
from reports.figures import slot_statistics
from tests.reports.conftest import cell, slots, task_record
from tests.reports.figures.drawn_figures import Fill, drawn


def test_lifetimes_are_restricted_means(fill: Fill) -> None:
    """All live to 10, eight in ten to 50, four in ten to 400: 10 + 0.8 · 40 + 0.4 · 350."""
    plot = drawn(
        slot_statistics.draw, select(fill(task_record(cell("memnet", 0), [0.5], slots=slots(0))))
    )
    assert plot is not None
    assert "mean lifetime: memnet 182" in plot.description


def test_a_single_seed_has_its_own_band(fill: Fill) -> None:
    curve = {"time": [0.0, 5.0], "survival": [1.0, 0.5], "low": [1.0, 0.2], "high": [1.0, 0.8]}
    records = [
        task_record(cell("memnet", 0), [0.5], slots={"occupancy": 0.5, "lifetimes": given})
        for given in (curve, {"time": [0.0, 5.0], "survival": [1.0, 0.5]})
    ]
    with_band, without = (
        drawn(slot_statistics.draw, select(fill(record, name=str(place))))
        for place, record in enumerate(records)
    )
    assert with_band is not None
    assert without is not None
    assert with_band.svg != without.svg
