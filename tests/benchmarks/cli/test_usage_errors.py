"""Invalid input prints one line on standard error, exits with code 2 and writes nothing."""

from pathlib import Path

import pytest

from tests.benchmarks.command import PLUGINS, WITH_PLUGINS, memnet

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
        ((*WEE, "--log", "paper"), "tensorboard"),
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
        assert_refused(done.returncode, done.stderr, "cannot write to the store")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


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
