from benchmarks.planning.catalog import Catalog
from benchmarks.planning.earlier_versions import changed_versions, earlier_versions
from benchmarks.planning.versions import stop_rule_version, versions
from results.records.cell import Cell


def test_changed_versions_name_the_component() -> None:
    catalog = Catalog.read()
    version = {"benchmark": "1", "model": "0", "training": "0"}
    cell = Cell(
        benchmark="induction",
        model="lstm[width=8]",
        method="supervised",
        seed=0,
        config={},
        version=version,
    )
    now = versions(catalog.benchmark("induction"), catalog.model("lstm"), None)
    expected = f"model had version 0, now {now['model']}; training had version 0, now"
    assert expected in changed_versions(cell, catalog)
    assert changed_versions(cell.model_copy(update={"version": now}), catalog) == ""
    converged = {"config": {"training": {"protocol": "converged"}}, "version": now}
    earlier = cell.model_copy(update=converged)
    assert (
        changed_versions(earlier, catalog) == f"stop_rule had version 1, now {stop_rule_version()}"
    )
    today = {**now, "stop_rule": stop_rule_version()}
    assert changed_versions(earlier.model_copy(update={"version": today}), catalog) == ""
    plugin = cell.model_copy(update={"model": "mine", "version": {**now, "model": "sha256:1"}})
    assert changed_versions(plugin, catalog) == ""


def test_cells_with_changed_versions_are_found_by_id() -> None:
    catalog = Catalog.read()
    now = versions(catalog.benchmark("induction"), catalog.model("lstm"), None)
    cells = [
        Cell(
            benchmark="induction",
            model="lstm",
            method="supervised",
            seed=seed,
            config={},
            version={**now, "model": model},
        )
        for seed, model in ((0, now["model"]), (1, "0"), (2, "0"))
    ]
    assert earlier_versions(cells, catalog) == {
        one.id: f"model had version 0, now {now['model']}" for one in cells[1:]
    }
