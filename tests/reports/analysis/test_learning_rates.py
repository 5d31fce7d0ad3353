from collections.abc import Callable
from pathlib import Path

from reports.analysis.comparison import compare_models
from reports.analysis.selection import select
from reports.output.build import build
from results.records.cell import Cell
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record

Fill = Callable[..., Store]


def at_rate(rate: float, seed: int = 0, version: str = "1") -> Cell:
    plain = cell("memnet", seed, version=version)
    return plain.model_copy(
        update={"config": {**plain.config, "training": {"learning_rate": rate}}}
    )


def test_a_superseded_learning_rate_is_a_variant(fill: Fill, tmp_path: Path) -> None:
    old, new = ([at_rate(rate, seed) for seed in (0, 1)] for rate in (0.001, 0.003))
    records = [task_record(one, [0.5]) for one in (*old, *new)]
    store = fill(*records, manifests=(manifest(new, TASK),))
    selection = select(store)
    assert [(entry.model, entry.seeds) for entry in selection.entries] == [
        ("memnet", "2/2"),
        ("memnet (learning rate 0.001)", "2/2"),
    ]
    assert selection.stale == ()
    assert not selection.ambiguous
    found = compare_models(selection, "memnet", "memnet (learning rate 0.001)")
    assert found.comparisons[0].paired.count == 2
    site = build(store, tmp_path / "out").parent
    page = (site / "models" / "memnet.html").read_text()
    assert "memnet (learning rate 0.001)" in page
    assert "--set training.learning_rate=0.001" in (site / "index.html").read_text()


def test_another_version_at_another_rate_is_stale(fill: Fill) -> None:
    old, new = at_rate(0.001, version="1"), at_rate(0.003, version="2")
    store = fill(*(task_record(one, [0.5]) for one in (old, new)), manifests=(manifest([new]),))
    assert [record.cell for record in select(store).stale] == [old]


def test_a_row_whose_new_cells_have_no_record_is_stale(fill: Fill) -> None:
    old, new = at_rate(0.001), at_rate(0.003)
    store = fill(task_record(old, [0.5]), manifests=(manifest([new]),))
    assert [record.cell for record in select(store).stale] == [old]
