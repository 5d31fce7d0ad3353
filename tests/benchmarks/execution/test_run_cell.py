"""Runs cells in the process of the test."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import run
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import parse_settings
from results.errors import UsageError
from tests.benchmarks.execution.wee_cells import FILES, WEE, environment, jobs


@pytest.fixture(autouse=True)
def _floating_point() -> Iterator[None]:
    """Restore the treatment of denormal numbers, which a cell changes in its process."""
    yield
    torch.set_flush_denormal(False)


def test_a_cell_that_runs_twice_gives_the_same_record(tmp_path: Path) -> None:
    fractions: list[float] = []
    first, second = (run(job, environment(tmp_path), fractions.append, FILES) for job in jobs() * 2)
    assert first.status == "ok", first.error
    assert (first.metrics, first.curves) == (second.metrics, second.curves)
    assert first.cost.peak_rss_bytes > 0
    assert first.provenance.device == "cpu"
    assert fractions
    assert all(0 <= fraction <= 1 for fraction in fractions)


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_peak_memory_is_in_bytes_on_each_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, unit: int
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(
        "benchmarks.execution.run_cell.resource.getrusage",
        lambda who: SimpleNamespace(ru_maxrss=700_000),
    )
    record = run(jobs()[0], environment(tmp_path), lambda fraction: None, FILES)
    assert record.cost.peak_rss_bytes == 700_000 * unit


def test_the_seed_changes_the_result(tmp_path: Path) -> None:
    first, second = (
        run(job, environment(tmp_path), lambda fraction: None, FILES) for job in jobs(seeds=(0, 1))
    )
    assert first.curves["training_loss"] != second.curves["training_loss"]


def test_the_learning_rate_changes_the_result(tmp_path: Path) -> None:
    slow, fast = (
        run(
            jobs(settings=(f"training.learning_rate={rate}",))[0],
            environment(tmp_path),
            lambda fraction: None,
            FILES,
        )
        for rate in ("1e-6", "0.5")
    )
    assert slow.curves["training_loss"] != fast.curves["training_loss"]


def test_an_exception_becomes_a_failed_record(tmp_path: Path) -> None:
    record = run(
        jobs(model="scripted[act=nan]")[0], environment(tmp_path), lambda fraction: None, FILES
    )
    assert record.status == "failed"
    assert record.error is not None
    assert "nan" in record.error.message
    assert "Traceback" in record.error.traceback


def test_a_cell_without_enough_memory_is_one_line_with_the_way_out(tmp_path: Path) -> None:
    record = run(
        jobs(settings=("batch_size=1000000", "model.width=1000000"))[0],
        environment(tmp_path),
        lambda fraction: None,
        FILES,
    )
    assert record.error is not None
    assert record.error.type == "OutOfMemory"
    assert "not enough memory" in record.error.message
    assert "--jobs" in record.error.message
    assert "\n" not in record.error.message
    assert "Traceback" in record.error.traceback


def test_another_precision_gives_another_cell_and_other_numbers(tmp_path: Path) -> None:
    """The default precision is not part of a cell's options, so its id does not change."""
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
        run(job, environment(tmp_path), lambda fraction: None, FILES)
        for job in (plain, brief, brief)
    )
    assert first.status == "ok", first.error
    assert second.status == "ok", second.error
    assert first.curves["training_loss"] != second.curves["training_loss"]
    assert (second.metrics, second.curves) == (again.metrics, again.curves)


def test_training_in_another_precision_gives_similar_losses(tmp_path: Path) -> None:
    """With a weight cache, a model would compute with the weights of its first step."""
    settings = ["steps=40", "training.learning_rate=0.1"]
    plans = [
        plan_from("wee", "scripted", None, "1", settings, list(WEE), precision)
        for precision in ("float32", "bfloat16")
    ]
    records = [
        run(a_plan.jobs[0], environment(tmp_path), lambda fraction: None, FILES) for a_plan in plans
    ]
    losses = [[loss for _, loss in record.curves["training_loss"]] for record in records]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_an_unknown_precision_is_an_error() -> None:
    with pytest.raises(UsageError, match="unknown precision 'float8'"):
        plan_from("wee", "scripted", None, "1", None, list(WEE), "float8")


def test_the_training_log_is_written_and_changes_no_result(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (job,) = jobs()
    plain = run(job, environment(tmp_path), lambda fraction: None, FILES)
    logged = run(
        job,
        environment(tmp_path),
        lambda fraction: None,
        Files(log=FILES.log, training_logs={"tensorboard": tmp_path / "log"}),
    )
    assert (logged.metrics, logged.curves) == (plain.metrics, plain.curves)
    found = EventAccumulator(str(tmp_path / "log")).Reload()
    assert {*found.Tags()["scalars"]} == {"loss", "learning_rate", "gradient_norm"}
    losses = {event.step: event.value for event in found.Scalars("loss")}
    assert losses == pytest.approx(dict(logged.curves["training_loss"]))


def test_the_training_log_of_a_stream_is_written(tmp_path: Path) -> None:
    settings = parse_settings(("epochs=1", "batch_size=512"))
    request = Request(
        name="split-digits", models=("lstm",), methods=("naive",), seeds=(0,), settings=settings
    )
    (job,) = make_plan(Catalog.read(), request).jobs
    record = run(
        job,
        environment(tmp_path),
        lambda fraction: None,
        Files(log=FILES.log, training_logs={"tensorboard": tmp_path / "log"}),
    )
    assert record.status == "ok", record.error
    (file,) = (tmp_path / "log").iterdir()
    assert file.stat().st_size > 0


class Interrupted(BaseException):
    """Ends a cell as the end of its process would."""


def test_an_interrupted_cell_resumes_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strategies.common.checkpoint.EVERY", 0.0)
    (job,) = jobs(settings=("steps=6",))
    files = Files(log=FILES.log, checkpoint=tmp_path / "checkpoint")
    whole = run(job, environment(tmp_path), lambda fraction: None, FILES)

    def interrupt(fraction: float) -> None:
        if fraction > 0.5:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(job, environment(tmp_path), interrupt, files)
    fractions: list[float] = []
    resumed = run(job, environment(tmp_path), fractions.append, files)
    assert min(fractions) > 0.4
    assert (resumed.metrics, resumed.curves) == (whole.metrics, whole.curves)
    fractions.clear()
    (other,) = jobs(settings=("steps=7",))
    run(other, environment(tmp_path), fractions.append, files)
    assert min(fractions) == pytest.approx(0.8 / 7), "a checkpoint of another cell is not used"


EXTRA_STATE = """
    def get_extra_state(self):
        return {"passes": self.passes}

    def set_extra_state(self, state):
        self.passes = state["passes"]
"""


@pytest.mark.parametrize("saved", [False, True])
def test_a_model_with_a_counter_resumes_to_the_same_numbers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    saved: bool,
) -> None:
    """A counter that is not in the state_dict: the cell starts again from step 0."""
    monkeypatch.setattr("strategies.common.checkpoint.EVERY", 0.0)
    plugin = tmp_path / "counting.py"
    text = (
        WEE[1]
        .read_text()
        .replace('    transient_attributes = ("passes",)\n', EXTRA_STATE if saved else "")
        .replace("else 1.0)", "else 1.0 / (1 + self.passes))")
    )
    plugin.write_text(text)
    (job,) = jobs(
        WEE[0], plugin, model="counting", settings=("steps=6", "training.learning_rate=1")
    )
    files = Files(log=FILES.log, checkpoint=tmp_path / "checkpoint", weights=tmp_path / "weights")
    whole = run(job, environment(tmp_path), lambda fraction: None, FILES)

    def interrupt(fraction: float) -> None:
        if fraction > 0.5:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(job, environment(tmp_path), interrupt, files)
    fractions: list[float] = []
    resumed = run(job, environment(tmp_path), fractions.append, files)
    assert resumed.status == "ok", resumed.error
    assert (resumed.metrics, resumed.curves) == (whole.metrics, whole.curves)
    assert (min(fractions) > 0.4) is saved
    assert (resumed.weights is not None) is saved
    output = capsys.readouterr().out
    assert ("no checkpoints: training changes model.passes" in output) is not saved
    assert ("no weights: training changes model.passes" in output) is not saved
