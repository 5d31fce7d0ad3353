"""Commands that make records again: they plan the very cells that the records are of."""

import shlex
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks.catalog import Catalog
from benchmarks.plan import Request, describe, make_plan
from benchmarks.seeds import parse_seeds
from benchmarks.settings import parse_settings
from benchmarks.variant import split_names
from reports.commands import again, commands, defaults, seed_text
from reports.selection import select
from results.cell import Cell
from results.record import Record
from results.store import Store
from tests.reports.conftest import TASK, cell, manifest, stream_record, task_record

Fill = Callable[..., Store]
PUBLISHED = Path(__file__).parents[2] / "results" / "published"


def jobs(command: str) -> list[Cell]:
    """What a command plans."""
    _, _, name, *rest = shlex.split(command)
    given: dict[str, list[str]] = {}
    for flag, value in zip(rest[::2], rest[1::2], strict=True):
        given.setdefault(flag, []).append(value)
    request = Request(
        name=name,
        models=split_names(given["--models"][0]),
        methods=split_names(given["--methods"][0]) if "--methods" in given else None,
        seeds=parse_seeds(given["--seeds"][0]),
        settings=parse_settings(given.get("--set", [])),
    )
    return [job.cell for job in make_plan(Catalog.read(), request).jobs]


def same(record: Record, planned: Cell) -> bool:
    """Whether a cell asks what a record answers; an option that came after the record is not in it."""
    asked, again = record.cell.config["benchmark"], planned.config["benchmark"]
    return (
        record.cell.key == planned.key and record.cell.config["training"] == planned.config["training"] and asked.items() <= again.items()
    )


def test_a_suite_is_one_command_and_what_was_run_beside_it_another(fill: Fill) -> None:
    suite = manifest([cell("memnet", seed) for seed in (0, 1)] + [cell("lstm", seed) for seed in (0, 1)], TASK, name="quick")
    beside = [
        stream_record(cell(model, 4, benchmark="split-digits", method=method), [[0.9]])
        for model, method in [("memnet", "naive"), ("memnet", "er"), ("lstm", "naive")]
    ]
    assert commands(select(fill(task_record(cell("memnet", 0), [0.5]), *beside, manifests=(suite,)))) == [
        "memnet run quick --models memnet,lstm --seeds 0-1",
        "memnet run split-digits --models lstm --methods naive --seeds 4, --set train_length=128 --set training.learning_rate=0.001",
        "memnet run split-digits --models memnet --methods er,naive --seeds 4, --set train_length=128 --set training.learning_rate=0.001",
    ]


def test_options_that_are_defaults_are_not_written() -> None:
    records = [task_record(cell("memnet", seed, length=length), [0.5]) for seed, length in [(0, 64), (1, 64), (1, 128)]]
    assert again(records, {"delayed-recall": {"train_length": 128}}) == [
        "memnet run delayed-recall --models memnet --seeds 0-1 --set train_length=64 --set training.learning_rate=0.001",
        "memnet run delayed-recall --models memnet --seeds 1, --set training.learning_rate=0.001",
    ]


def test_a_text_a_truth_and_a_precision_are_written_as_the_command_takes_them() -> None:
    record = task_record(cell("memnet", 0), [0.5])
    config = {"benchmark": {"scenario": "task", "probe": True}, "training": {"learning_rate": 0.003, "precision": "bfloat16"}}
    record = record.model_copy(update={"cell": record.cell.model_copy(update={"config": config})})
    assert again([record], {}) == [
        "memnet run delayed-recall --models memnet --seeds 0, --set scenario=task --set probe=true --set training.learning_rate=0.003 "
        "--precision bfloat16"
    ]


def test_the_commands_of_what_is_published_plan_it_again() -> None:
    published, catalog = select(Store.open(PUBLISHED)), Catalog.read()
    known = {entry.name: describe(entry).defaults for entry in (*catalog.tasks, *catalog.streams)}
    records = [record for record in published.records if record.cell.benchmark != "split-fashion-mnist"]
    lines = again(records, defaults(published) | known)
    planned: dict[tuple[str, str, str, int], list[Cell]] = defaultdict(list)
    for line in lines:
        for one in jobs(line):
            planned[one.key].append(one)
    assert sum(map(len, planned.values())) == len(records)
    assert [record.cell.label for record in records if not any(same(record, one) for one in planned[record.cell.key])] == []
    for record in records:
        matching = [one for one in planned[record.cell.key] if same(record, one) and one.version == record.cell.version]
        options = [{part: set(one.config[part]) for part in one.config} for one in (record.cell, *matching)]
        if matching and all(one == options[0] for one in options):  # neither a version nor an option has come since
            assert record.id in {one.id for one in matching}, f"{record.cell.label}: a default has changed, and its record is stale"
    assert any(
        "--set furthest=1048576 --set far_streams=2" in line or "--set far_streams=2 --set furthest=1048576" in line for line in lines
    )


def test_seeds_as_the_command_takes_them() -> None:
    assert [seed_text(seeds) for seeds in ([2, 0, 1], [1, 4, 7], [5])] == ["0-2", "1,4,7", "5,"]
