"""Provenance: whether the commit of the checkout gives the code of a cell."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import results.records.provenance as of_records
from results.records.provenance import CODE_PACKAGES, provenance
from results.records.record_parts import Provenance


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A clean clone of a project with these packages, in which the code of provenance is."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@b.c")
    for name in CODE_PACKAGES:
        (tmp_path / name / "records").mkdir(parents=True)
        (tmp_path / name / "records" / "provenance.py").write_text("")
    (tmp_path / "README.md").write_text("A project.\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "All")
    file = tmp_path / "results" / "records" / "provenance.py"
    monkeypatch.setattr(of_records, "__file__", str(file))
    of_records._commit.cache_clear()
    yield tmp_path
    of_records._commit.cache_clear()


def made() -> Provenance:
    return provenance(device="cpu", threads=1, started_at="2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("file", "dirty"),
    [
        ("", False),
        ("my_model.py", False),
        ("runs/records/a.json", False),
        ("examples/mine/my_model.py", False),
        ("README.md", True),
        ("memnet/records/provenance.py", True),
        ("baselines/models/new.py", True),
    ],
)
def test_changed_tracked_files_and_new_files_of_packages_are_dirty(
    checkout: Path, file: str, dirty: bool
) -> None:
    if file:
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).write_text("changed = 1\n")
    found = made()
    assert (len(found.commit or ""), found.dirty) == (40, dirty)


def test_without_a_checkout_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_records, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    of_records._commit.cache_clear()
    assert (made().commit, made().dirty) == (None, None)
    of_records._commit.cache_clear()
