"""What a cell's process does, without the process."""

from pathlib import Path

import pytest

from benchmarks.catalog import Catalog
from benchmarks.plan import Request, make_plan
from benchmarks.planner import Job
from benchmarks.settings import parse_settings
from benchmarks.worker import Place, check, choose_device, run
from results.errors import UsageError
from tests.benchmarks.command import PLUGINS

WEE = (PLUGINS / "wee.py", PLUGINS / "scripted.py")


def jobs(*plugins: Path, model: str = "scripted", settings: tuple[str, ...] = (), seeds: tuple[int, ...] = (0,)) -> list[Job]:
    request = Request(name="wee", models=(model,), seeds=seeds, settings=parse_settings(settings))
    return list(make_plan(Catalog.read(plugins or WEE), request).jobs)


def place(root: Path, device: str = "cpu") -> Place:
    return Place(device=device, data_root=root)


def test_a_cell_run_twice_leaves_the_same_record(tmp_path: Path) -> None:
    told: list[float] = []
    first, second = (run(job, place(tmp_path), told.append) for job in jobs() * 2)
    assert first.status == "ok", first.error
    assert (first.metrics, first.curves) == (second.metrics, second.curves)
    assert first.cost.peak_rss_bytes > 0
    assert first.provenance.device == "cpu"
    assert told
    assert all(0 <= fraction <= 1 for fraction in told)


def test_the_seed_makes_a_difference(tmp_path: Path) -> None:
    first, second = (run(job, place(tmp_path), lambda fraction: None) for job in jobs(seeds=(0, 1)))
    assert first.curves["training_loss"] != second.curves["training_loss"]


def test_the_learning_rate_of_the_cell_is_used(tmp_path: Path) -> None:
    slow, fast = (
        run(jobs(settings=(f"training.learning_rate={rate}",))[0], place(tmp_path), lambda fraction: None) for rate in ("1e-6", "0.5")
    )
    assert slow.curves["training_loss"] != fast.curves["training_loss"]


def test_what_goes_wrong_is_the_record(tmp_path: Path) -> None:
    record = run(jobs(model="scripted[act=nan]")[0], place(tmp_path), lambda fraction: None)
    assert record.status == "failed"
    assert record.error is not None
    assert "nan" in record.error.message
    assert "Traceback" in record.error.traceback


def test_good_jobs_pass_the_check(tmp_path: Path) -> None:
    check(jobs(), place(tmp_path))


@pytest.mark.parametrize(("device", "says"), [("cuda:99", "cuda:99"), ("abacus", "abacus"), ("", "''")])
def test_a_device_that_is_not_there_is_refused(device: str, says: str) -> None:
    with pytest.raises(UsageError, match=f"{says}.*use auto, cpu"):
        choose_device(device)


def test_code_that_does_not_load_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "shaky.py"
    broken.write_text('"""Broken."""\nKIND = "model"\nimport no_such_module\n')
    with pytest.raises(UsageError, match=r"model 'shaky'.*no_such_module.*mend the file"):
        check(jobs(WEE[0], broken, model="shaky"), place(tmp_path))


def test_options_that_a_config_refuses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="length = 1 must be at least 2"):
        check(jobs(settings=("length=1",)), place(tmp_path))
