"""Published records retain their ids, and become stale only by a change of a VERSION literal."""

from pathlib import Path

import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Planner
from benchmarks.planning.set_options import FULL_PRECISION, Settings
from results.records.cell import Cell
from results.store.store import Store

PUBLISHED = Store(Path(__file__).parents[2] / "results" / "published")


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    """Cells of all published records; a store rejects a record with the id of another cell."""
    return [record.cell for record in PUBLISHED]


def planned_today(cell: Cell, catalog: Catalog) -> Cell:
    """Plan the cell again with today's entries.

    A component (benchmark, model, method, training) whose VERSION literal has changed since then
    has the version and options of the record.
    """
    versions = {
        "benchmark": catalog.benchmark(cell.benchmark).version,
        "model": catalog.models.get(cell.model.partition("[")[0]).version,
    }
    training = cell.config["training"]
    protocol = {name: value for name, value in training.items() if name == "protocol"}
    settings = Settings(
        benchmark=protocol
        if versions["benchmark"] != cell.version["benchmark"]
        else {**cell.config["benchmark"], **protocol},
        learning_rate=float(str(training["learning_rate"])),
        precision=str(training.get("precision", FULL_PRECISION)),
    )
    model = cell.model
    if versions["model"] != cell.version["model"]:
        model = model.partition("[")[0]
    today = Planner(catalog, settings).again(cell.benchmark, model, cell.method, cell.seed).cell
    changed = {
        part
        for part, version in cell.version.items()
        if part != "data" and today.version.get(part) != version
    }
    return today.model_copy(
        update={
            "model": cell.model,
            "config": {
                part: cell.config[part] if part in changed else options
                for part, options in today.config.items()
            },
            "version": {
                part: cell.version[part] if part in changed else version
                for part, version in today.version.items()
            },
        }
    )


def test_published_records_are_readable_and_have_the_id_of_their_cell(cells: list[Cell]) -> None:
    assert len(cells) == len(PUBLISHED.ids()) >= 1334


def test_published_records_become_stale_only_by_a_version_literal(cells: list[Cell]) -> None:
    catalog = Catalog.read()
    stale = [cell.label for cell in cells if planned_today(cell, catalog).id != cell.id]
    assert not stale, f"{len(stale)} records have another id today: {stale[:5]}"


def test_planned_today_detects_changed_options_and_data(cells: list[Cell]) -> None:
    """The check fails for an option that the entry does not have in this form."""
    catalog = Catalog.read()
    cell = next(one for one in cells if one.benchmark == "split-digits")
    for part in ("model", "training"):
        config = {**cell.config, part: {**cell.config[part], "unknown": 1}}
        changed = cell.model_copy(update={"config": config})
        assert planned_today(changed, catalog).id != changed.id
