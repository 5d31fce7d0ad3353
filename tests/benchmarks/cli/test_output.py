"""Standard output and error that cannot be written or encoded, through the real command."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.cli.output import to_ascii
from tests.benchmarks.command import MEMNET, WITH_PLUGINS, environment, memnet

RUN = ("run", "wee", *WITH_PLUGINS, "--models", "scripted", "--seeds", "2", "--jobs", "1")
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PUBLISHED = str(Path(__file__).parents[3] / "results" / "published")


def shell(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a redirection of the shell."""
    return subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *MEMNET, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, C_LOCALE],
    ids=["ascii", "latin-1", "C"],
)
def test_run_goes_on_if_output_cannot_be_encoded(tmp_path: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(
        [*MEMNET, *RUN, "--store", str(tmp_path)],
        capture_output=True,
        encoding="latin-1",
        env=environment(**variables),
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    separator = "·" if "latin-1" in variables.values() else "|"
    assert f"[2/2] wee {separator} scripted {separator} supervised" in done.stdout
    assert len(list((tmp_path / "records").glob("*.json"))) == 2


@pytest.mark.parametrize(
    ("command", "encoding"),
    [(("list",), "cp1252"), (("leaderboard", "--store", PUBLISHED), "ascii")],
)
def test_tables_degrade_to_the_encoding(command: tuple[str, ...], encoding: str) -> None:
    done = subprocess.run(
        [*MEMNET, *command],
        capture_output=True,
        encoding=encoding,
        env=environment(PYTHONIOENCODING=encoding),
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if encoding == "ascii":
        assert "+/-" in done.stdout


def test_file_name_that_is_not_unicode_is_printed() -> None:
    done = memnet("report", "--store", "nowhere-\udcff")
    assert done.returncode == 2
    assert done.stderr.startswith("memnet: error: there is no store at nowhere-")


def test_to_ascii_replaces_symbols_and_accents() -> None:
    error = UnicodeEncodeError("ascii", "a±–é字b", 1, 5, "")  # noqa: RUF001
    assert to_ascii(error) == ("+/--e?", 5)


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
)
def test_lost_output_is_one_line_and_a_run_goes_on(
    tmp_path: Path, redirection: str, reason: str
) -> None:
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    line = f"memnet: error: cannot write to standard output: {reason}\n"
    for arguments in (("list",), (*RUN, "--store", str(tmp_path))):
        done = shell(redirection, *arguments)
        assert (done.returncode, done.stderr) == (1, line)
    assert len(list((tmp_path / "records").glob("*.json"))) == 2


def test_reader_that_ends_early_is_not_reported() -> None:
    done = shell("| true; exit ${PIPESTATUS[0]}", "list")
    assert (done.returncode, done.stderr) == (1, "")


def test_closed_standard_error_does_not_stop_a_run(tmp_path: Path) -> None:
    done = shell("2>&-", *RUN, "--store", str(tmp_path))
    assert done.returncode == 0
    assert "2 of 2 cells done" in done.stdout
    assert shell("2>&-", "list", "nope").returncode == 2


@pytest.mark.parametrize(
    "command", [("run", "quick"), ("status", "quick"), ("remove", "0"), ("tune", "induction")]
)
def test_second_store_is_refused_by_commands_that_take_one(command: tuple[str, ...]) -> None:
    done = memnet(*command, "--store", "first", "--store", "second")
    assert done.returncode == 2
    assert "--store is given 2 times, and this command takes one store" in done.stderr
