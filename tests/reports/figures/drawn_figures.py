"""Figures drawn from a store, for tests."""

from collections.abc import Callable

from reports.analysis.selection import Selection
from reports.analysis.summary import ranked
from reports.figures import style
from reports.figures.plot import Plot
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]
Draw = Callable[..., Plot | None]


def drawn(draw: Draw, selection: Selection) -> Plot | None:
    subject = selection.subjects[0]
    return draw(
        subject,
        tuple(entry for entry, _ in ranked(selection, subject)),
        style.style_of(selection),
        "name",
    )


def scored(model: str, *scores: float) -> list[Record]:
    return [task_record(cell(model, seed), [score]) for seed, score in enumerate(scores)]
