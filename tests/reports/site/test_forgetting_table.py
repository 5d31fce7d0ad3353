from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.forgetting_table import forgetting_table
from results.store.store import Store
from tests.reports.conftest import STREAM, cell, manifest, stream_record

Fill = Callable[..., Store]


def test_the_method_that_forgets_least_is_named_at_each_budget(fill: Fill) -> None:
    retained = {"er": (0.9, 0.01), "memnet": (0.5, 0.02), "gdumb": (0.4, 0.01)}
    cells = [
        cell("mlp", seed, benchmark="split-digits", method=f"{method}[total_budget=160000]")
        for method in retained
        for seed in range(5)
    ]
    levels = [retained[one.method.partition("[")[0]] for one in cells]
    records = [
        stream_record(one, [[1.0, 0.1], [level - one.seed * step, 1.0]])
        for one, (level, step) in zip(cells, levels, strict=True)
    ]
    plan = manifest(cells, STREAM)
    described = [{"name": one, "role": "budget"} for one in sorted({c.method for c in cells})]
    store = fill(
        *records,
        manifests=(plan.model_validate({**plan.model_dump(by_alias=True), "methods": described}),),
    )
    table = forgetting_table(select(store))
    assert table is not None
    [row] = table.rows
    assert row.cells[:3] == ("split-digits", "160 kB in all", "er")
    assert row.cells[3].startswith("0.120")
    assert row.cells[6] == "memnet"
    assert row.cells[5] == "significant"


def test_streams_without_budgets_have_no_table(fill: Fill) -> None:
    records = [
        stream_record(cell("mlp", 0, benchmark="split-digits", method="er"), [[1.0, 0.1], [1, 1]])
    ]
    assert forgetting_table(select(fill(*records))) is None
