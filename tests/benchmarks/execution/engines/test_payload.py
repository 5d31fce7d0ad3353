"""The payload of a cell, without a cluster: what runs on the other machine, and what it returns."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.execution.check_jobs import check
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.payload import pack, run_remotely
from benchmarks.execution.engines.ray import _received, _Task
from benchmarks.execution.weights import load_model
from results.records.provenance import now
from results.store.store import Store
from tests.benchmarks.execution.wee_cells import WEE, environment, jobs


def test_siblings_of_plugins_are_sent(tmp_path: Path) -> None:
    """Both plugins have a sibling of the same name, and the model's imports a package."""
    here = tmp_path / "here"
    for path in WEE:
        folder = here / path.stem
        (folder / "package").mkdir(parents=True)
        (folder / path.name).write_text(path.read_text() + "import sibling\n")
        (folder / "sibling.py").write_text(
            f"from package.part import NAME\nassert NAME == {path.stem!r}"
        )
        (folder / "package" / "part.py").write_text(f"NAME = {path.stem!r}")
    files = [here / path.stem / path.name for path in WEE]
    payload = pack(jobs(*files, seeds=(0, 1)), device="cpu", data_root=tmp_path, limits=Limits())
    shutil.rmtree(here)
    (tmp_path / "there").mkdir()
    there = payload.unpack(tmp_path / "there")
    assert len(there) == 2
    for job in there:
        for entry in (job.benchmark, job.model):
            assert [path.name for path in entry.siblings] == ["part.py", "sibling.py"]
            assert all(path.is_file() for path in (entry.path, *entry.siblings))
            assert entry.path.is_relative_to(tmp_path / "there")
    check(there, environment(tmp_path))


def test_built_in_entries_are_not_sent(tmp_path: Path) -> None:
    (job,) = jobs(name="induction", model="lstm")
    payload = pack([job], device="cpu", data_root=tmp_path, limits=Limits())
    assert not payload.plugins
    assert payload.unpack(tmp_path) == (job,)


@pytest.mark.slow
def test_weights_come_back_with_the_record(tmp_path: Path) -> None:
    (job,) = jobs(model="lstm")
    payload = pack([job], device="cpu", data_root=tmp_path, limits=Limits(), keep_weights=True)
    *_, message = run_remotely(payload)
    store = Store.open(tmp_path, create=True)
    files = Files(log=tmp_path / "log", weights=store.weights_path(job.cell.id))
    task: Any = _Task(job=job, files=files, messages=None, attempt=0, started_at=now())
    store.write(_received(task, message))
    assert load_model(tmp_path, job.cell.id, plugins=WEE).task is not None


@pytest.mark.slow
def test_weights_stay_away_without_the_option(tmp_path: Path) -> None:
    (job,) = jobs(model="lstm")
    *_, message = run_remotely(pack([job], device="cpu", data_root=tmp_path, limits=Limits()))
    task: Any = _Task(
        job=job, files=Files(log=tmp_path / "log"), messages=None, attempt=0, started_at=now()
    )
    assert not message["weights"]
    assert _received(task, message).weights is None


@pytest.mark.slow
def test_training_logs_come_back_with_the_record(tmp_path: Path) -> None:
    """A built-in logger, and one whose file is sent."""
    own = tmp_path / "own.py"
    own.write_text(
        "from benchmarks.execution.loggers import CsvLogger\n\n"
        "def open_logger(folder, cell):\n    return CsvLogger(folder / 'inner', cell)\n"
    )
    (job,) = jobs(model="lstm")
    loggers = ("csv", str(own))
    payload = pack([job], device="cpu", data_root=tmp_path, limits=Limits(), loggers=loggers)
    own.unlink()
    *_, message = run_remotely(payload)
    logs = {name: tmp_path / str(number) for number, name in enumerate(loggers)}
    files = Files(log=tmp_path / "log", training_logs=logs)
    task: Any = _Task(job=job, files=files, messages=None, attempt=0, started_at=now())
    assert _received(task, message).status == "ok"
    texts = [tmp_path / "0" / "log.csv", tmp_path / "1" / "inner" / "log.csv"]
    one, other = (path.read_text() for path in texts)
    assert one == other
    assert one.startswith("step,loss,learning_rate,gradient_norm\n1,")
