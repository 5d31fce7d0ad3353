from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reports.analysis.selection import select
from reports.figures.style import style_of
from reports.output.build import build
from reports.site.aggregate import aggregate_plot, aggregate_table, aggregates
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import STREAM, TASK, cell, failed_record, manifest, task_record

Fill = Callable[..., Store]


@pytest.fixture
def store(fill: Fill) -> Store:
    """Two tasks and a stream: `a` and `b` have both tasks, `c` has one; one seed of `a` failed."""
    names = ("copy", "mqar")
    scores = {"a": (0.9, 0.7), "b": (0.5, 0.3), "c": (0.99,)}
    cells = [
        cell(model, seed, benchmark=name)
        for model, row in scores.items()
        for name, _ in zip(names, row, strict=False)
        for seed in range(4)
    ]
    records: list[Record] = []
    for one in cells:
        level = scores[one.model][names.index(one.benchmark)]
        lost = (one.model, one.benchmark, one.seed) == ("a", "mqar", 3)
        records.append(failed_record(one) if lost else task_record(one, [level + one.seed / 100]))
    members = [TASK.model_copy(update={"name": name}) for name in names]
    return fill(*records, manifests=(manifest(cells, *members, STREAM),))


def test_rows_are_ranked_over_all_benchmarks(store: Store) -> None:
    """a: 0.90 … 0.93 and 0.70 … 0.72; of seven runs, one is cut from each end."""
    [found] = aggregates(select(store))
    assert found.name == "quick: 2 tasks"
    assert [row.entries[0].model for row in found.ranked_rows] == ["a", "b"]
    first = found.ranked_rows[0]
    assert first.interquartile.value == pytest.approx(np.mean([0.71, 0.72, 0.90, 0.91, 0.92]))
    assert first.mean.value == pytest.approx(np.mean([0.70, 0.71, 0.72, 0.90, 0.91, 0.92, 0.93]))
    assert (
        first.mean.low < first.mean.value < first.mean.high < first.mean.low + 0.06
    )  # benchmarks differ by far more


def test_the_table_has_seeds_and_costs(store: Store) -> None:
    [found] = aggregates(select(store))
    table = aggregate_table(found)
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert [column.title for column in table.columns][-7:-5] == ["runs", "parameters"]
    costs = ("7/8", "51,200", "8.2 kB", "—", "0 B", "25.0 s", "19.0 s")
    assert table.rows[0].cells[-7:] == costs
    assert [row.incomplete for row in table.rows] == [True, False]
    assert table.caption.endswith(". Left out, since they ran on fewer than 2 tasks: c (1)")


def test_the_figure_and_the_page_show_the_aggregate(store: Store, tmp_path: Path) -> None:
    selection = select(store)
    plot = aggregate_plot(aggregates(selection)[0], style_of(selection))
    assert plot.name == "quick-tasks-profiles"
    assert "half of the runs of a are above" in plot.description
    page = build(store, tmp_path / "out").read_text()
    assert "Across benchmarks" in page
    assert 'src="figures/quick-tasks-profiles.svg"' in page


def test_one_benchmark_is_not_aggregated(fill: Fill) -> None:
    assert aggregates(select(fill(task_record(cell("a", 0), [0.5])))) == []
