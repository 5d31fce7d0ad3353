"""``memnet inspect`` through the real command."""

import re
from pathlib import Path

import pytest

from results.store.store import Store
from tests.benchmarks.command import memnet

SMALL = ("--set", "steps=2", "--set", "streams=1", "--set", "furthest=64", "--seeds", "3100-3100")


def inspected_run(folder: Path, *arguments: str) -> str:
    """Run one cell with these arguments, inspect its stored weights, and return the page."""
    store, out = str(folder / "runs"), folder / "page"
    run = memnet("run", *arguments, "--keep-weights", "--store", store, "--jobs", "1")
    assert run.returncode == 0, run.stderr
    (record,) = Store.open(folder / "runs")
    shown = memnet("inspect", "--run", record.id, "--store", store, "--out", str(out))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == f"inspection: {out / 'index.html'}\n"
    return (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_stored_model_of_a_task_is_shown(tmp_path: Path) -> None:
    page = inspected_run(
        tmp_path, "association", *SMALL, "--models", "memnet[width=16,bottleneck=16]"
    )
    assert "memory-slots.svg" in page
    assert "association" in page
    report = memnet(
        "report", "--inspect", "--store", str(tmp_path / "runs"), "--out", str(tmp_path / "site")
    )
    assert report.returncode == 0, report.stderr
    (model,) = (tmp_path / "site" / "models").glob("memnet*.html")
    (image,) = re.findall(r'src="\.\./([^"]*-memory-slots.svg)"', model.read_text("utf-8"))
    assert (tmp_path / "site" / image).is_file()


def test_an_unknown_cell_is_a_usage_error(tmp_path: Path) -> None:
    Store.open(tmp_path / "runs", create=True)
    shown = memnet("inspect", "--run", "nope", "--store", str(tmp_path / "runs"))
    assert shown.returncode == 2
    assert "there is no record 'nope'" in shown.stderr


@pytest.mark.slow
def test_the_default_memory_of_a_stream_learns_again_to_the_same_bits(tmp_path: Path) -> None:
    page = inspected_run(
        tmp_path, "split-digits", "--models", "mlp", "--methods", "memnet", "--seeds", "3100-3100"
    )
    assert "the result is the same, bit for bit" in page
    assert re.findall(r'src="figures/trace-memory-(\w+).svg"', page) == [
        "classes", "surprise", "rebuilt", "survival",
    ]  # fmt: skip


@pytest.mark.slow
def test_without_a_cell_three_small_memories_are_trained(tmp_path: Path) -> None:
    shown = memnet("inspect", "--out", str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    assert "warn" not in shown.stderr.lower()
    figures = sorted(path.name for path in (tmp_path / "figures").glob("*.svg"))
    assert [name for name in figures if name.startswith("sequences-")] == [
        f"sequences-memory-{name}.svg" for name in ("gates", "graph", "reads", "slots", "survival")
    ]
    assert [name for name in figures if name.startswith("stream-")] == [
        f"stream-memory-{name}.svg" for name in ("classes", "rebuilt", "surprise", "survival")
    ]
    assert [name for name in figures if name.startswith("encoder-")] == [
        f"encoder-memory-{name}.svg" for name in ("classes", "rebuilt", "survival")
    ]
