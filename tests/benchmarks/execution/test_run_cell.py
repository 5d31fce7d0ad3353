"""What a cell's process does, without the process."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.execution.checkpoint_key import checkpoint_key
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import (
    Place,
    check,
    choose_device,
    described,
    run,
    usable_devices,
)
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.overrides import parse_settings
from benchmarks.planning.plan import Request, make_plan
from results.errors import UsageError
from tests.benchmarks.command import PLUGINS


@pytest.fixture(autouse=True)
def _floating_point() -> Iterator[None]:
    """A worker changes how its process treats denormal numbers.

    Here it is the process of the other tests too.
    """
    yield
    torch.set_flush_denormal(False)


FILES = Files(log=Path("nowhere"))

WEE = (PLUGINS / "wee.py", PLUGINS / "scripted.py")


def jobs(
    *plugins: Path,
    name: str = "wee",
    model: str = "scripted",
    settings: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
) -> list[Job]:
    request = Request(name=name, models=(model,), seeds=seeds, settings=parse_settings(settings))
    return list(make_plan(Catalog.read(plugins or WEE), request).jobs)


def place(root: Path, device: str = "cpu") -> Place:
    return Place(device=device, data_root=root)


def test_a_cell_run_twice_leaves_the_same_record(tmp_path: Path) -> None:
    told: list[float] = []
    first, second = (run(job, place(tmp_path), told.append, FILES) for job in jobs() * 2)
    assert first.status == "ok", first.error
    assert (first.metrics, first.curves) == (second.metrics, second.curves)
    assert first.cost.peak_rss_bytes > 0
    assert first.provenance.device == "cpu"
    assert told
    assert all(0 <= fraction <= 1 for fraction in told)


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_memory_is_counted_in_the_system_s_own_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, unit: int
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(
        "benchmarks.execution.run_cell.resource.getrusage",
        lambda who: SimpleNamespace(ru_maxrss=700_000),
    )
    record = run(jobs()[0], place(tmp_path), lambda fraction: None, FILES)
    assert record.cost.peak_rss_bytes == 700_000 * unit


def test_the_seed_makes_a_difference(tmp_path: Path) -> None:
    first, second = (
        run(job, place(tmp_path), lambda fraction: None, FILES) for job in jobs(seeds=(0, 1))
    )
    assert first.curves["training_loss"] != second.curves["training_loss"]


def test_the_learning_rate_of_the_cell_is_used(tmp_path: Path) -> None:
    slow, fast = (
        run(
            jobs(settings=(f"training.learning_rate={rate}",))[0],
            place(tmp_path),
            lambda fraction: None,
            FILES,
        )
        for rate in ("1e-6", "0.5")
    )
    assert slow.curves["training_loss"] != fast.curves["training_loss"]


def test_what_goes_wrong_is_the_record(tmp_path: Path) -> None:
    record = run(jobs(model="scripted[act=nan]")[0], place(tmp_path), lambda fraction: None, FILES)
    assert record.status == "failed"
    assert record.error is not None
    assert "nan" in record.error.message
    assert "Traceback" in record.error.traceback


def test_good_jobs_pass_the_check(tmp_path: Path) -> None:
    check(jobs(), place(tmp_path))


@pytest.mark.parametrize(
    ("device", "says"), [("cuda:99", "cuda:99"), ("abacus", "abacus"), ("", "''")]
)
def test_a_device_that_is_not_there_is_refused(device: str, says: str) -> None:
    with pytest.raises(UsageError, match=f"{says}.*use auto, cpu"):
        choose_device(device)


def test_code_that_does_not_load_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "shaky.py"
    broken.write_text('"""Broken."""\nKIND = "model"\nimport no_such_module\n')
    with pytest.raises(UsageError, match=r"model 'shaky'.*no_such_module.*mend the file"):
        check(jobs(WEE[0], broken, model="shaky"), place(tmp_path))


def test_code_without_a_build_function_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "nobuild.py"
    bare.write_text('"""Bare."""\nKIND = "model"\n')
    with pytest.raises(UsageError, match=r"nobuild\.py has no function build\(config, signature\)"):
        check(jobs(WEE[0], bare, model="nobuild"), place(tmp_path))


def test_options_that_a_config_refuses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="length = 1 must be at least 2"):
        check(jobs(settings=("length=1",)), place(tmp_path))


def test_another_precision_makes_another_cell_and_other_numbers(tmp_path: Path) -> None:
    """And the default one makes the cell that there was before there was a choice."""
    plain = jobs()[0]
    brief = plan_from("wee", "scripted", None, "1", None, list(WEE), "bfloat16").jobs[0]
    assert "precision" not in plain.cell.config["training"]
    assert brief.cell.config["training"] == {
        **plain.cell.config["training"],
        "precision": "bfloat16",
    }
    assert (
        plan_from("wee", "scripted", None, "1", None, list(WEE), "float32").jobs[0].cell.id
        == plain.cell.id
        != brief.cell.id
    )
    first, second, again = (
        run(job, place(tmp_path), lambda fraction: None, FILES) for job in (plain, brief, brief)
    )
    assert first.status == "ok", first.error
    assert second.status == "ok", second.error
    assert first.curves["training_loss"] != second.curves["training_loss"]
    assert (second.metrics, second.curves) == (again.metrics, again.curves)


def test_what_is_learnt_in_another_precision_is_nearly_the_same(tmp_path: Path) -> None:
    """A model that went on computing with the weights of its first step would learn nothing."""
    settings = ["steps=40", "training.learning_rate=0.1"]
    plans = [
        plan_from("wee", "scripted", None, "1", settings, list(WEE), precision)
        for precision in ("float32", "bfloat16")
    ]
    records = [
        run(a_plan.jobs[0], place(tmp_path), lambda fraction: None, FILES) for a_plan in plans
    ]
    losses = [[loss for _, loss in record.curves["training_loss"]] for record in records]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_a_precision_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown precision 'float8'"):
        plan_from("wee", "scripted", None, "1", None, list(WEE), "float8")


def test_signals_are_written_and_change_nothing(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (job,) = jobs()
    silent = run(job, place(tmp_path), lambda fraction: None, FILES)
    told = run(
        job,
        place(tmp_path),
        lambda fraction: None,
        Files(log=FILES.log, training_log=tmp_path / "signals"),
    )
    assert (told.metrics, told.curves) == (silent.metrics, silent.curves)
    found = EventAccumulator(str(tmp_path / "signals")).Reload()
    assert {*found.Tags()["scalars"]} == {"loss", "learning_rate", "gradient_norm"}
    losses = {event.step: event.value for event in found.Scalars("loss")}
    assert losses == pytest.approx(dict(told.curves["training_loss"]))


def test_signals_of_a_stream_are_written(tmp_path: Path) -> None:
    settings = parse_settings(("epochs=1", "batch_size=512"))
    request = Request(
        name="split-digits", models=("lstm",), methods=("naive",), seeds=(0,), settings=settings
    )
    (job,) = make_plan(Catalog.read(), request).jobs
    record = run(
        job,
        place(tmp_path),
        lambda fraction: None,
        Files(log=FILES.log, training_log=tmp_path / "signals"),
    )
    assert record.status == "ok", record.error
    (file,) = (tmp_path / "signals").iterdir()
    assert file.stat().st_size > 0


class Cut(BaseException):
    """What ends a process, as far as a cell can tell."""


def test_a_cell_that_was_cut_short_goes_on_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strategies.common.checkpoint.EVERY", 0.0)
    (job,) = jobs(settings=("steps=6",))
    files = Files(log=FILES.log, checkpoint=tmp_path / "checkpoint")
    whole = run(job, place(tmp_path), lambda fraction: None, FILES)

    def cut(fraction: float) -> None:
        if fraction > 0.5:
            raise Cut

    with pytest.raises(Cut):
        run(job, place(tmp_path), cut, files)
    told: list[float] = []
    resumed = run(job, place(tmp_path), told.append, files)
    assert min(told) > 0.4
    assert (resumed.metrics, resumed.curves) == (whole.metrics, whole.curves)
    told.clear()
    (other,) = jobs(settings=("steps=7",))
    run(other, place(tmp_path), told.append, files)
    assert min(told) == pytest.approx(0.8 / 7), "a checkpoint of another cell is none of this one's"


def test_a_checkpoint_of_other_code_is_not_taken_up(tmp_path: Path) -> None:
    shutil.copy(WEE[1], tmp_path)
    (job,) = jobs(WEE[0], tmp_path / WEE[1].name)
    before = checkpoint_key(job, device="cpu", threads=1)
    assert checkpoint_key(job, device="cpu", threads=1) == before
    assert checkpoint_key(job, device="cuda", threads=1) != before
    with (tmp_path / WEE[1].name).open("a") as file:
        file.write("\n")
    assert checkpoint_key(job, device="cpu", threads=1) != before


def test_cells_may_run_on_every_device_of_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a machine that is made up, for there may be none here."""
    assert usable_devices("cpu") == ["cpu"]
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "An Accelerator")
    assert usable_devices("auto") == ["cuda:0", "cuda:1"]
    assert (
        described(torch.device("cuda:0"))
        == described(torch.device("cuda:1"))
        == "cuda (An Accelerator)"
    )
    assert described(torch.device("cpu")) == "cpu"


PART = "class Less:\n    steps: int = 4\n\n\n@dataclass\nclass Config(Less):\n"


@pytest.mark.parametrize(
    ("name", "text", "other", "says"),
    [
        ("lacks", "    streams: int = 8\n", "", "Config lacks streams"),
        ("inherits", "class Config:\n    steps: int = 4\n", PART, "Config inherits steps"),
    ],
)
def test_options_that_cannot_be_read_from_the_text_are_refused(
    tmp_path: Path, name: str, text: str, other: str, says: str
) -> None:
    path = tmp_path / f"{name}.py"
    path.write_text(
        WEE[0]
        .read_text()
        .replace("(frozen=True, kw_only=True, slots=True)", "")
        .replace(text, other)
    )
    with pytest.raises(UsageError, match=says):
        check(jobs(path, WEE[1], name=name), place(tmp_path))
