from pathlib import Path

import pytest

from tests.benchmarks.command import memnet

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def test_the_published_records_are_accepted() -> None:
    found = memnet("validate", str(PUBLISHED))
    assert found.returncode == 0, found.stdout
    assert "accepted, 0 refused" in found.stdout


def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    path = next((PUBLISHED / "records").glob("*.json"))
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes().replace(b'"seed": ', b'"seed": 1', 1))
    found = memnet("validate", str(copy), str(tmp_path / "\x1b[31mred"))
    assert found.returncode == 1
    first, second, last = found.stdout.splitlines()
    assert (
        first
        == f"{copy}: refused: sha256: the checksum is not that of the record, which was changed after it was written"
    )
    assert "\x1b" not in second
    assert last == "2 records: 0 accepted, 2 refused"


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = memnet("validate", str(PUBLISHED), "--against", str(tmp_path))
    assert (found.returncode, "there is no store" in found.stderr) == (2, True)


@pytest.mark.slow
def test_what_a_run_leaves_is_accepted(tmp_path: Path) -> None:
    """A metric that runs write and `results.validation.recompute` does not know, or a cost that is no longer plausible, shows here."""
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
