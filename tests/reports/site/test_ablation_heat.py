from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.ablation_heat import loss_tables
from reports.site.ablations import ablations
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record
from tests.reports.site.test_ablations import SCORES

Fill = Callable[..., Store]


def test_a_change_has_a_row_and_a_benchmark_a_column(fill: Fill) -> None:
    cells = [cell(model, seed) for model in SCORES for seed in range(5)]
    records = [task_record(one, [SCORES[one.model][one.seed]]) for one in cells]
    store = fill(*records, manifests=(manifest(cells, TASK),))
    [table] = loss_tables(ablations(select(store)))
    assert table.title == "memnet"
    assert [subject.name for subject in table.subjects] == ["delayed-recall"]
    rows = {change: found["delayed-recall"] for change, found in table.rows}
    assert set(rows) == {"hebbian off", "serial off", "hops 1"}
    assert table.mechanisms["hebbian off"] == "the Hebbian graph"
    graph = rows["hebbian off"]
    assert (graph.text, graph.shade, graph.mark, graph.base) == ("0.400", 4, "loss", "")
    assert graph.interval.startswith("± 0.00")
    assert rows["serial off"].mark == "tie"
    assert (rows["hops 1"].mark, rows["hops 1"].is_gain) == ("gain", True)
    assert rows["hops 1"].base == "hebbian off"


def test_few_seeds_are_marked_as_untested(fill: Fill) -> None:
    records = [
        task_record(cell(model, seed), [SCORES[model][seed]])
        for model in ("memnet", "memnet[hebbian=false]")
        for seed in range(4)
    ]
    [table] = loss_tables(ablations(select(fill(*records))))
    assert table.rows[0][1]["delayed-recall"].mark == "untested"


def test_rows_without_a_common_seed_have_no_shade(fill: Fill) -> None:
    records = [task_record(cell("memnet", 0), [0.9]), task_record(cell("memnet[hops=1]", 1), [0.4])]
    [table] = loss_tables(ablations(select(fill(*records))))
    found = table.rows[0][1]["delayed-recall"]
    assert (found.text, found.shade, found.mark) == ("—", 0, "untested")
