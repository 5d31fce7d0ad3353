"""Figures of the published records: who is drawn, and in which look."""

from collections import Counter
from pathlib import Path

import pytest

from reports.analysis.selection import Selection, select
from reports.analysis.summary import ranked
from reports.figures.choice import choose
from reports.figures.style import style_of
from results.store.store import Store

PUBLISHED = Path(__file__).parents[3] / "results" / "published"
LEARNERS = {"memnet", "transformer", "lstm"}
"""Models that the figures of forgetting must contain."""

CORE = {"task": ("memnet", "transformer", "lstm"), "stream": ("memnet", "naive", "er")}
"""Models of tasks and methods of streams that a figure must contain."""


@pytest.fixture(scope="module")
def published() -> Selection:
    return select(Store(PUBLISHED))


def test_every_benchmark_draws_the_core_of_the_comparison(published: Selection) -> None:
    for subject in published.subjects:
        rows = [entry for entry, _ in ranked(published, subject)]
        column = "model" if subject.kind == "task" else "method"
        candidates = published.compared(subject)
        drawn = {
            getattr(row, column).partition("[")[0] for row in choose(rows, one_model=False).rows
        }
        known = {
            getattr(row, column).partition("[")[0]
            for row in candidates
            if row.ok and row.role != "ablation"
        }
        assert known.intersection(CORE[subject.kind]) <= drawn, subject.name


def test_streams_draw_the_transformer_the_lstm_and_memnet(published: Selection) -> None:
    for subject in published.subjects:
        if subject.kind == "stream":
            rows = [entry for entry, _ in ranked(published, subject)]
            known = {entry.model.partition("[")[0] for entry in rows if entry.ok} & LEARNERS
            drawn = {row.model.partition("[")[0] for row in choose(rows, one_model=False).rows}
            assert known <= drawn, subject.name


def test_no_two_series_of_a_figure_look_alike(published: Selection) -> None:
    style = style_of(published)
    for subject in published.subjects:
        rows = choose([entry for entry, _ in ranked(published, subject)]).rows
        looks = Counter(style.look(row) for row in rows)
        assert max(looks.values(), default=1) == 1, (subject.name, [style.name(r) for r in rows])
