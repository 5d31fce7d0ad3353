"""Commands that reproduce records: they plan exactly the records' cells."""

import shlex
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli.plan_options import plan_from
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, describe
from reports.analysis.selection import select
from reports.analysis.training_options import defaults
from reports.output.build import build
from reports.site.reproduce import commands, notes, rerun_commands, seed_text
from results.records.cell import Cell
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, stream_record, task_record

Fill = Callable[..., Store]
PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def plan(command: str, folder: Path = Path()) -> Plan:
    """Return the plan of a command, with plugins from the folder."""
    _, _, name, *rest = shlex.split(command)
    given: dict[str, list[str]] = defaultdict(list)
    for flag, value in zip(rest[::2], rest[1::2], strict=True):
        given[flag.removeprefix("--")].append(value)
    several: dict[str, Any] = {
        "settings": given.pop("set", None),
        "plugins": [folder / file for file in given.pop("plugin", ())],
    }
    single: dict[str, Any] = {"models": None, "methods": None, "seeds": None}
    single |= {flag.replace("-", "_"): value for flag, [value] in given.items()}
    return plan_from(name, **several, **single)


def jobs(command: str, folder: Path = Path()) -> list[Cell]:
    return [job.cell for job in plan(command, folder).jobs]


def same(record: Record, planned: Cell) -> bool:
    """Whether a cell has the record's options; options newer than the record are ignored."""
    requested, rerun_commands = record.cell.config["benchmark"], planned.config["benchmark"]
    return (
        record.cell.key == planned.key
        and record.cell.config["training"] == planned.config["training"]
        and requested.items() <= rerun_commands.items()
    )


COMMANDS = [
    "memnet run quick --seeds 2 --models memnet,lstm",
    "memnet run quick --models memnet --methods memnet --set training.learning_rate=0.01"
    " --set model.slots=16 --set method.budget=9000",
    "memnet run long-dependency --profile small --set steps=7 --precision bfloat16"
    " --models memnet,mamba",
    "memnet run task-shift --profile small",
    "memnet run task-shift-online --profile small --budget 9000,20000",
    "memnet run task-shift-online --profile small --total-budget 400000 --seeds 1-2",
    "memnet run ablation",
    "memnet run split-mnist --protocol vandeven2022 --set batch_size=32 --set scenario=task",
    "memnet run induction --protocol converged --models mamba,lstm --set steps=7 --seeds 1",
    "memnet run induction --models own-model,lstm --plugin own_model.py --seeds 1",
    "memnet run split-digits --models lstm --methods naive,own-method --plugin own_method.py"
    " --seeds 1",
]
"""Commands with something that a suite's name, models and seeds do not determine."""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a model and a method of the user, versioned by their content."""
    model = (
        '"""A baseline."""\n\nfrom baselines.models.lstm import Config, build\n\nKIND = "model"\n'
    )
    method = (
        '"""A method."""\n\nfrom strategies.continual.methods.naive import Config, build\n\n'
        'KIND = "method"\n'
    )
    for name, text in (("own_model", model), ("own_method", method)):
        for spelling in (
            name,
            name.replace("_", "-"),
        ):  # as given by the user, and as named by the reproducing command
            (tmp_path / f"{spelling}.py").write_text(text)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_a_store_plan_exactly_its_cells(
    command: str, own: Path, fill: Fill
) -> None:
    requested = plan(command, own)
    expected = sorted(job.cell.id for job in requested.jobs)
    store = fill(
        *(task_record(job.cell, [0.5]) for job in requested.jobs), manifests=(requested.manifest(),)
    )
    assert sorted(one.id for line in commands(select(store)) for one in jobs(line, own)) == expected
    bare = fill(*store, name="bare")
    assert (
        sorted(one.id for line in commands(select(bare)) for one in jobs(line, own)) == expected
    ), "without a manifest"


def test_pending_seeds_are_planned_with_the_options_of_their_row(fill: Fill) -> None:
    requested = plan("memnet run quick --set batch_size=8")
    run = [job.cell for job in requested.jobs if job.cell.seed == 0]
    selection = select(
        fill(*(task_record(one, [0.5]) for one in run), manifests=(requested.manifest(),))
    )
    assert sorted(one.id for line in commands(selection) for one in jobs(line)) == sorted(
        job.cell.id for job in requested.jobs
    )
    assert notes(selection) == []


def test_pending_cells_with_unknown_options_are_counted(fill: Fill) -> None:
    requested = plan("memnet run quick --models memnet,lstm --seeds 1 --set batch_size=8")
    selection = select(
        fill(task_record(requested.jobs[0].cell, [0.5]), manifests=(requested.manifest(),))
    )
    assert [one.id for line in commands(selection) for one in jobs(line)] == [
        requested.jobs[0].cell.id
    ]
    [note] = notes(selection)
    assert f"{len(requested.jobs) - 1} planned cells without a record" in note


def test_a_user_s_file_is_noted_next_to_every_command(
    fill: Fill, own: Path, tmp_path: Path
) -> None:
    requested = plan("memnet run induction --models own-model --plugin own_model.py --seeds 1", own)
    store = fill(
        *(task_record(job.cell, [0.5]) for job in requested.jobs), manifests=(requested.manifest(),)
    )
    [command] = commands(select(store))
    assert command.endswith("--plugin own_model.py")
    site = build(store, tmp_path / "site").parent
    for page in (
        site / "index.html",
        site / "models" / "own-model.html",
        next((site / "rows").iterdir()),
        site / "report.md",
    ):
        assert (
            "Each file after --plugin (own_model.py) is one of your own: write its path."
            in page.read_text().replace("\\_", "_")  # escaped in Markdown
        )


def test_models_with_equal_methods_and_seeds_share_a_command(fill: Fill) -> None:
    suite = manifest(
        [cell("memnet", seed) for seed in (0, 1)] + [cell("lstm", seed) for seed in (0, 1)],
        TASK,
        name="quick",
    )
    streams = [
        stream_record(cell(model, 4, benchmark="split-digits", method=method), [[0.9]])
        for model, method in [("memnet", "naive"), ("memnet", "er"), ("lstm", "naive")]
    ]
    selection = select(
        fill(
            *(task_record(cell(model, 0), [0.5]) for model in ("memnet", "lstm")),
            *streams,
            manifests=(suite,),
        )
    )
    assert commands(selection) == [
        "memnet run delayed-recall --models lstm,memnet --seeds 0-1"
        " --set train_length=128 --set training.learning_rate=0.001",
        "memnet run split-digits --models lstm --methods naive --seeds 4,"
        " --set train_length=128 --set training.learning_rate=0.001",
        "memnet run split-digits --models memnet --methods er,naive --seeds 4,"
        " --set train_length=128 --set training.learning_rate=0.001",
    ]


def test_a_default_on_which_manifests_disagree_is_written(fill: Fill) -> None:
    record = task_record(cell("memnet", 0), [0.5])
    plans = [
        manifest(
            [record.cell],
            TASK.model_copy(update={"defaults": {"train_length": length}}),
            name=f"plan-{length}",
        )
        for length in (64, 128)
    ]
    assert "--set train_length=128" in commands(select(fill(record, manifests=tuple(plans))))[0]
    assert (
        "--set train_length"
        not in commands(select(fill(record, manifests=(plans[1],), name="one")))[0]
    )


def test_default_options_are_not_written() -> None:
    records = [
        task_record(cell("memnet", seed, length=length), [0.5])
        for seed, length in [(0, 64), (1, 64), (1, 128)]
    ]
    assert rerun_commands(records, {"delayed-recall": {"train_length": 128}}) == [
        "memnet run delayed-recall --models memnet --seeds 0-1"
        " --set train_length=64 --set training.learning_rate=0.001",
        "memnet run delayed-recall --models memnet --seeds 1, --set training.learning_rate=0.001",
    ]


def test_strings_booleans_and_precision_are_written_in_the_command_s_syntax() -> None:
    record = task_record(cell("memnet", 0), [0.5])
    config = {
        "benchmark": {"scenario": "task", "probe": True},
        "training": {"learning_rate": 0.003, "precision": "bfloat16"},
    }
    record = record.model_copy(update={"cell": record.cell.model_copy(update={"config": config})})
    assert rerun_commands([record], {}) == [
        "memnet run delayed-recall --models memnet --seeds 0, --set scenario=task --set probe=true"
        " --set training.learning_rate=0.003 --precision bfloat16"
    ]


def test_the_commands_of_the_published_records_plan_them_again() -> None:
    published, catalog = select(Store.open(PUBLISHED)), Catalog.read()
    known = {entry.name: describe(entry).defaults for entry in (*catalog.tasks, *catalog.streams)}
    options = {
        part: {entry.name: {one.name for one in entry.source.options} for entry in entries}
        for part, entries in (("model", catalog.models), ("method", catalog.methods))
    }
    records = [
        record
        for record in published.records
        if record.cell.benchmark != "split-fashion-mnist"
        and all(  # a record of an earlier version may have an option that no longer exists
            set(record.cell.config.get(part, {})) <= known_options[name.partition("[")[0]]
            for part, known_options in options.items()
            if (name := getattr(record.cell, part)) != "supervised"
        )
    ]
    assert len(records) > 500
    lines = rerun_commands(records, defaults(published) | known)
    planned: dict[tuple[str, str, str, int], list[Cell]] = defaultdict(list)
    for line in lines:
        for one in jobs(line):
            planned[one.key].append(one)
    assert sum(map(len, planned.values())) == len(records)
    assert [
        record.cell.label
        for record in records
        if not any(same(record, one) for one in planned[record.cell.key])
    ] == []
    for record in records:
        matching = [
            one
            for one in planned[record.cell.key]
            if same(record, one) and one.version == record.cell.version
        ]
        given = [
            {part: set(one.config[part]) for part in one.config} for one in (record.cell, *matching)
        ]
        if matching and all(one == given[0] for one in given):  # no version or option is newer
            assert record.id in {one.id for one in matching}, (
                f"{record.cell.label}: a default has changed, and its record is stale"
            )
    assert any(
        "--set furthest=1048576 --set far_streams=2" in line
        or "--set far_streams=2 --set furthest=1048576" in line
        for line in lines
    )


def test_seeds_are_written_in_the_command_s_syntax() -> None:
    assert [seed_text(seeds) for seeds in ([2, 0, 1], [1, 4, 7], [5])] == ["0-2", "1,4,7", "5,"]
