"""Records name the plugins of their cell, and whether a commit holds their code."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.execution.cell_provenance import plugins_of
from benchmarks.execution.checkpoint_key import checkpoint_key
from benchmarks.execution.run_cell import run
from benchmarks.planning.jobs import Job
from results.records.record_parts import Plugin
from tests.benchmarks.execution.wee_cells import FILES, WEE, environment, jobs


@pytest.fixture(autouse=True)
def _no_other_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The project itself may be a checkout with changes, or none."""
    monkeypatch.setattr("results.records.provenance._commit", lambda: (None, None))
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "A")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@b.c")


def plugin_job(folder: Path) -> Job:
    """A cell of the built-in LSTM on a plugin of a task."""
    path = folder / "wee.py"
    path.write_text(WEE[0].read_text())
    (job,) = jobs(path, model="lstm")
    return job


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_plugin_outside_version_control_is_identified_by_its_digest(tmp_path: Path) -> None:
    job = plugin_job(tmp_path)
    record = run(job, environment(tmp_path), lambda fraction: None, FILES)
    digest = hashlib.sha256((tmp_path / "wee.py").read_bytes()).hexdigest()
    assert record.provenance.plugins == (
        Plugin(kind="task", name="wee", version="1", digest=f"sha256:{digest}", dirty=True),
    )
    assert record.provenance.dirty is None, "the flag is that of the project's checkout"


def test_a_committed_plugin_does_not_make_a_record_dirty(tmp_path: Path) -> None:
    job = plugin_job(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "wee.py")
    git(tmp_path, "commit", "-q", "-m", "A task")
    record = run(job, environment(tmp_path), lambda fraction: None, FILES)
    (plugin,) = record.provenance.plugins or ()
    assert (plugin.commit, plugin.dirty) == (git(tmp_path, "rev-parse", "HEAD"), False)
    assert record.provenance.dirty is None
    (tmp_path / "wee.py").write_text(WEE[0].read_text() + "\n")
    (changed,) = plugins_of(job)
    assert changed.dirty
    assert changed.digest != plugin.digest


def test_built_in_entries_are_no_plugins(tmp_path: Path) -> None:
    (job,) = jobs(name="induction", model="lstm")
    assert plugins_of(job) == ()


def test_an_entry_point_is_named_by_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package is identified by its version; other modules of it count as well."""
    package = tmp_path / "third_party"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("")
    (package / "wee.py").write_text(WEE[0].read_text())
    info = tmp_path / "third_party-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 2.5\n")
    (info / "RECORD").write_text("third_party/__init__.py,,\nthird_party/wee.py,,\n")
    (info / "entry_points.txt").write_text("[memnet.tasks]\nwee = third_party.wee\n")
    monkeypatch.syspath_prepend(tmp_path)
    from baselines import registry

    registry._entry_points.cache_clear()
    try:
        (job,) = jobs(WEE[1], model="lstm")
        record = run(job, environment(tmp_path), lambda fraction: None, FILES)
        before = checkpoint_key(job, device="cpu", threads=1)
        (package / "other.py").write_text("NEW = 1\n")
        after = checkpoint_key(job, device="cpu", threads=1)
    finally:
        registry._entry_points.cache_clear()
        for name in [name for name in sys.modules if name.startswith("third_party")]:
            del sys.modules[name]
    (plugin,) = record.provenance.plugins or ()
    assert (plugin.package, plugin.package_version) == ("third-party", "2.5")
    assert record.provenance.dirty is None
    assert before != after, "a checkpoint of other code is not used"
