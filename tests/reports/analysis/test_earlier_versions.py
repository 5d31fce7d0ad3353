"""Rows of earlier versions of the code do not compete with rows of today's version."""

from collections.abc import Callable

from reports.analysis.best import best_row
from reports.analysis.earlier_versions import with_earlier_versions
from reports.analysis.heat import heat_tables
from reports.analysis.selection import Selection, select
from reports.analysis.summary import summarise
from reports.figures.choice import choose
from reports.site.answers import answer
from reports.site.benchmark import groups
from reports.site.findings import findings
from reports.site.lines import lines
from reports.tables.leaderboard import render_selection
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def scored(model: str, *scores: float) -> list[Record]:
    return [
        task_record(cell(model, seed, benchmark="copy"), [score])
        for seed, score in enumerate(scores)
    ]


OLD = [*scored("memnet", 0.9, 0.91, 0.92, 0.9, 0.93), *scored("mamba", 0.8, 0.7, 0.75, 0.8, 0.7)]
TODAY = [*scored("lstm", 0.3, 0.31, 0.3, 0.32, 0.3), *scored("gru", 0.1, 0.1, 0.11, 0.1, 0.12)]


def marked(fill: Fill, *records: Record) -> Selection:
    outdated = {one.id for one in OLD}
    return with_earlier_versions(select(fill(*records)), outdated)


def test_rows_of_today_compete_alone(fill: Fill) -> None:
    selection = marked(fill, *OLD, *TODAY)
    [subject] = selection.subjects
    best = best_row(selection.compared(subject))
    assert best is not None
    assert best.model == "lstm"
    assert [(row.model, row.rank, row.tested) for row in summarise(selection)] == [
        ("lstm", 1, True),
        ("gru", 2, True),
        ("memnet", None, None),
        ("mamba", None, None),
    ]
    [finding] = findings(selection)
    assert finding.claim == "lstm is best"
    assert "memnet" not in finding.detail


def test_pages_and_tables_set_earlier_rows_apart(fill: Fill) -> None:
    selection = marked(fill, *OLD, *TODAY)
    titles = [(title, len(rows)) for title, rows in groups(lines(selection))]
    assert titles == [("", 2), ("Earlier versions of the code, which do not compete", 2)]
    text = render_selection(selection, "text", ("rank", "score"))
    assert text.count("earlier version ") == 2
    [heat] = heat_tables(selection)
    assert [[row.title for row in rows] for _, rows in heat.groups] == [
        ["lstm", "gru"],
        ["memnet", "mamba"],
    ]
    assert {row.title: row.mean is None for row in heat.rows}["memnet"]
    assert answer(heat) == (
        "lstm has the highest mean score, 30.6%; next is gru with 10.6%. It leads on 1 of 1 tasks; "
        "the lead over every other model is significant on 1. Not compared, since their rows are "
        "of earlier versions: memnet, mamba."
    )


def test_a_mean_over_benchmarks_is_of_one_version(fill: Fill) -> None:
    """The old row is alone on its benchmark, and the table has rows of today on another."""
    old = [task_record(cell("memnet", seed, benchmark="mqar"), [0.9]) for seed in range(5)]
    selection = with_earlier_versions(select(fill(*old, *TODAY)), {one.id for one in old})
    assert not any(entry.superseded for entry in selection.entries)
    [heat] = heat_tables(selection)
    verdicts = {row.title: [score.verdict for score in row.scores.values()] for row in heat.rows}
    assert verdicts == {"lstm": ["best"], "gru": ["worse"], "memnet": ["superseded"]}


def test_figures_draw_earlier_rows_and_name_them(fill: Fill) -> None:
    selection = marked(fill, *OLD, *TODAY)
    found = choose(selection.entries)
    assert {"memnet", "lstm"} <= {entry.model for entry in found.rows}
    assert "Of earlier versions, which do not compete: mamba, memnet." in found.note


def test_rows_of_earlier_versions_alone_are_compared_and_labelled(fill: Fill) -> None:
    selection = marked(fill, *OLD)
    assert [row.rank for row in summarise(selection)] == [1, 2]
    [heat] = heat_tables(selection)
    assert answer(heat).startswith("In records of earlier versions, memnet has the highest")


def test_a_control_of_today_does_not_supersede_earlier_rows(fill: Fill) -> None:
    selection = marked(fill, *OLD, *scored("bigram", 0.5, 0.5, 0.5, 0.5, 0.5))
    assert {entry.model for entry in selection.entries if entry.superseded} == set()
