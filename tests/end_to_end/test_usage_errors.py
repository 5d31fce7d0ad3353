"""Invalid input prints one line on standard error, exits with code 2 and writes nothing."""

import errno
import subprocess
from pathlib import Path

import pytest

from benchmarks.cli import app
from tests.benchmarks.command import MEMNET, PLUGINS, WITH_PLUGINS, environment, memnet

PUBLISHED = str(Path(__file__).parents[2] / "results" / "published")
WEE = ("run", "wee", *WITH_PLUGINS, "--models", "scripted")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "quikc"), "did you mean quick?"),
        (("run", "wee", *WITH_PLUGINS, "--models", "scripter"), "did you mean scripted?"),
        (("run", "split-digits", "--models", "lstm", "--methods", "naiv"), "did you mean naive?"),
        (("run", "induction", "--methods", "naive"), "tasks take no --methods"),
        ((*WEE, "--seeds", "9-0"), "a count (3 means 0-2), a range (0-9) or a list (1,4,7)"),
        ((*WEE, "--seeds", "many"), "is not valid"),
        ((*WEE, "--set", "stepps=3"), "did you mean steps or streams?"),
        ((*WEE, "--set", "steps=few"), "wrong type"),
        ((*WEE, "--models", ","), "names nothing"),
        ((*WEE, "--jobs", "0"), "'--jobs'"),
        (("tune", "wee", "--jobs", "-1"), "'--jobs'"),
        ((*WEE, "--jobs", "many"), "--jobs"),
        ((*WEE, "--engine", "steam"), "there is local"),
        ((*WEE, "--rerun", "some"), "stale"),
        ((*WEE, "--timeout", "soon"), "90, 10m, 2h"),
        ((*WEE, "--memory", "-1"), "500M, 4G"),
        ((*WEE, "--retries", "-1"), "at least 0"),
        ((*WEE, "--precision", "float8"), "bfloat16"),
        ((*WEE, "--log", "paper"), "unknown logger 'paper'"),
        ((*WEE, "--log", "paper.py"), "there is no file paper.py"),
        ((*WEE, "--modles", "a"), "--modles"),
        (("run", "wee", "--plugin", "nowhere.py"), "there is no file "),
        (("run",), "NAME"),
        (("sing",), "sing"),
        (("list", "songs"), "the groups are suites, tasks"),
        (("list", "mdels"), "models (group)"),
        (("list", "memnte"), "did you mean memnet (model and method)?"),
        (("run", "lstm"), "'lstm' is a model: write --models lstm"),
        (("run", "er"), "'er' is a method: write --methods er"),
        (("status", "memnet"), "a model and a method: write --models memnet or --methods memnet"),
        (("tune", "er"), "'er' is a method: write --methods er"),
        (("run", "induction", "--models", "split-mnist"), "a stream: write memnet run split-mnist"),
        (("run", "induction", "--models", "quick"), "a suite: write memnet run quick"),
        (("run", "split-digits", "--models", "er[mem_size=3]"), "a method: write --methods er"),
        (("run", "split-digits", "--methods", "lstm"), "a model: write --models lstm"),
        (("run", "quick", "--methods", "lstm"), "a model: write --models lstm"),
        (("run", "quick", "--models", "er"), "a method: write --methods er"),
        (
            ("run", "split-digits", "--methods", "er", "--budget", "lots"),
            "such as 16k or 16k,64k (k = 1,000)",
        ),
        (("validate", "."), "no records in ."),
        (("report",), "memnet run quick"),
        (("leaderboard", "--format", "pdf"), "md"),
        (("leaderboard", "--store", "published", "--model", ","), "--model ',' names nothing"),
        (("leaderboard", "--store", "published", "--benchmark", ""), "names nothing"),
        (("speed", "--models", "memnet[slots=-1]"), "slots = -1 must be at least 1"),
        (("speed", "--models", "gru[width=0]"), "gru[width=0] can't be built"),
        (("speed", "--models", "er"), "'er' is a method"),
        (("speed", "--models", "split-digits"), "'split-digits' is a stream"),
        (
            ("run", "split-digits", "--methods", "er[total_budget=0]"),
            "total_budget takes a number of bytes, at least 1",
        ),
        (
            ("run", "split-digits", "--methods", "memnet[slots=20]", "--budget", "4k"),
            "slots = 20 and budget = 4000 both give the size",
        ),
        (
            (
                "run",
                "split-digits",
                "--models",
                "mlp",
                "--methods",
                "memnet[slots=20,total_budget=4000]",
            ),
            "both give the size",
        ),
        (
            ("run", "split-digits", "--methods", "memnet[slots=20]", "--total-budget", "4k"),
            "both give the size",
        ),
        (("run", "split-digits", "--methods", "memnet[slots=-1]"), "slots = -1 must be at least 1"),
        (("run", "split-digits", "--methods", "memnet[bits=0]"), "bits = 0 must be one of 2, 4, 8"),
        (("run", "split-digits", "--methods", "memnet[features=1]"), "must be at least 2, or 0"),
    ],
)
def test_invalid_request_prints_one_line_and_writes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = memnet(*arguments, cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, message)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for store in ("file", "file/store", "file/far/below"):
        done = memnet(*WEE, "--store", store, cwd=tmp_path)
        assert_refused(done.returncode, done.stderr, f"--store {store}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


LONG = "e" * 300
STORE_COMMANDS = (
    WEE,
    ("status", "wee", *WITH_PLUGINS, "--models", "scripted"),
    ("tune", "wee", *WITH_PLUGINS, "--models", "scripted"),
    ("report",),
    ("report", "--compare", "a", "b"),
    ("leaderboard",),
    ("publish", "--out", "site"),
)


@pytest.mark.parametrize(
    ("arguments", "store", "reason"),
    [
        *((command, "loop", "Too many levels of symbolic links") for command in STORE_COMMANDS),
        (("report",), "", "is empty"),
        (("report",), "file", "not a folder"),
        (("report",), LONG, "File name too long"),
        (WEE, "d/" * 1990, "levels leaves no room for files in it"),
        (WEE, "/".join(["d" * 200] * 19), "leaves no room for files in it; name a shorter one"),
    ],
    ids=lambda value: value[0][:9] if value else "empty",
)
def test_unusable_store_is_refused_by_every_command(
    tmp_path: Path, arguments: tuple[str, ...], store: str, reason: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    done = memnet(*arguments, "--store", store, cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, reason)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


@pytest.mark.parametrize("arguments", [("report",), WEE], ids=lambda words: words[0])
def test_unusable_store_of_the_environment_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = memnet(*arguments, cwd=tmp_path, MEMNET_STORE=LONG)
    assert_refused(done.returncode, done.stderr, "File name too long")


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--store", PUBLISHED, "--out"),
        ("publish", "--store", PUBLISHED, "--out"),
        ("validate", PUBLISHED, "--against"),
        (*WEE, "--data-root"),
        (*WEE, "--plugin"),
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_empty_path_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = memnet(*arguments, "", cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, "is empty")
    assert list(tmp_path.iterdir()) == []


def test_link_loop_is_refused_as_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    done = memnet(*WEE, "--plugin", "loop", cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, "--plugin loop: Too many levels")


def test_deleted_working_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        ["bash", "-c", 'rmdir "$PWD"; exec "$@"', "bash", *MEMNET, *WEE],
        capture_output=True,
        text=True,
        cwd=tmp_path / "gone",
        env=environment(),
        timeout=300,
        check=False,
    )
    assert_refused(done.returncode, done.stderr, "the working directory cannot be used")


def test_long_temporary_folder_does_not_stop_a_run(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    done = memnet(*WEE, "--seeds", "1", "--store", "store", cwd=tmp_path, TMPDIR=str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(folder.glob("pymp-*"))


def test_error_of_the_operating_system_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "records")

    monkeypatch.setattr(app, "app", refuse)
    assert app.run_command() == app.FAILED
    assert capsys.readouterr().err == "memnet: error: records: No space left on device\n"


def test_missing_data_is_refused(tmp_path: Path) -> None:
    plugins = ("--plugin", str(PLUGINS / "lost.py"), "--plugin", str(PLUGINS / "scripted.py"))
    done = memnet(
        "run",
        "lost",
        *plugins,
        "--models",
        "scripted",
        "--methods",
        "naive",
        "--data-root",
        "empty",
        "--store",
        "store",
        cwd=tmp_path,
    )
    assert_refused(done.returncode, done.stderr, f"is not in {tmp_path / 'empty'}")
    assert list(tmp_path.iterdir()) == []


def assert_refused(code: int, errors: str, message: str) -> None:
    assert code == 2
    assert errors.startswith("memnet: error: ")
    assert errors.count("\n") == 1
    assert message in errors
