import re
from pathlib import Path

import pytest

from tests.benchmarks.command import memnet

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def test_published_records_are_accepted() -> None:
    found = memnet("validate", str(PUBLISHED))
    assert found.returncode == 0, found.stdout
    assert re.search(r"records: [0-9]+ accepted( \([0-9]+ outdated\))?, 0 refused\n$", found.stdout)


def test_manifests_and_copies_of_published_records_are_accepted(tmp_path: Path) -> None:
    path = next((PUBLISHED / "records").glob("*.json"))
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    found = memnet("validate", str(copy), str(PUBLISHED / "manifests" / "induction.json"))
    assert found.returncode == 0, found.stdout
    assert f"{copy}: note: identical to the published record {path}" in found.stdout
    assert re.search(r"induction.json: manifest: .* 'induction' with [0-9]+ cells", found.stdout)
    assert re.search(r"1 record: 1 accepted.*, 0 refused; 1 manifest\n$", found.stdout)


def test_refusal_prints_one_line_and_exits_with_code_1(tmp_path: Path) -> None:
    path = next((PUBLISHED / "records").glob("*.json"))
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes().replace(b'"seed": ', b'"seed": 1', 1))
    found = memnet("validate", str(copy), str(tmp_path / "\x1b[31mred"))
    assert found.returncode == 1
    first, second, last = found.stdout.splitlines()
    assert first.startswith(f"{copy}: refused: sha256: ")
    assert "\x1b" not in second
    assert last == "2 records: 0 accepted, 2 refused"


def test_equal_notes_share_a_line_with_two_records(tmp_path: Path) -> None:
    paths = sorted((PUBLISHED / "records").glob("*.json"))
    for path in paths[:9]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = memnet("validate", str(tmp_path))
    assert found.returncode == 0, found.stdout
    *notes, _ = found.stdout.splitlines()
    [line] = [note for note in notes if "identical" in note]
    assert line == (
        "note: identical to the published record of the same cell (9 times, such as "
        f"{tmp_path / paths[0].name} and {tmp_path / paths[1].name})"
    )
    outdated = [re.sub(r"^.*outdated: | \([0-9]+ times, such as .*$", "", one) for one in notes]
    assert len(outdated) == len(set(outdated))


def test_missing_store_is_refused(tmp_path: Path) -> None:
    found = memnet("validate", str(PUBLISHED), "--against", str(tmp_path))
    assert (found.returncode, "there is no store" in found.stderr) == (2, True)


@pytest.mark.slow
def test_records_of_a_run_are_accepted(tmp_path: Path) -> None:
    """Fails if a run writes a metric unknown to `results.validation.recompute`.

    It also fails if a cost is no longer plausible.
    """
    for arguments in (
        ("run", "association", "--models", "memnet", "--set", "steps=2", "--set", "furthest=128"),
        (
            "run",
            "split-digits",
            "--models",
            "mlp",
            "--methods",
            "naive,memnet",
            "--set",
            "track=10",
            "--set",
            "probe=true",
        ),
    ):
        found = memnet(*arguments, "--seeds", "1", "--store", str(tmp_path))
        assert found.returncode == 0, found.stderr
    found = memnet("validate", str(tmp_path))
    assert found.returncode == 0, found.stdout
    assert "3 records: 3 accepted" in found.stdout
