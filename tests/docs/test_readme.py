"""The README is short, and its commands and scripts run as written, with shorter training."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from benchmarks.cli.app import app
from benchmarks.planning.catalog import Catalog
from results.store.store import Store
from tests.benchmarks.command import environment, memnet

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHORT = {
    "induction": ("steps=1", "streams=2", "furthest=64", "train_length=16"),
    "association": ("steps=1", "streams=2", "furthest=64"),
}
MAX_LINES = 100
"""A screen and a half."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("memnet ")
    ]
    return [shlex.split(line, comments=True)[1:] for line in lines]


RUNS = [words for words in commands() if words[0] == "run" and words[1] in SHORT]
AFTERWARDS = [words for words in commands() if words[0] not in ("run", "list", "check")]


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= MAX_LINES


def test_readme_has_run_commands_of_known_benchmarks() -> None:
    assert len(RUNS) >= 2
    assert {words[1] for words in commands() if words[0] == "run"} == {*SHORT, "quick"}
    assert {words[0] for words in AFTERWARDS} == {"leaderboard", "report", "publish", "validate"}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_is_valid(words: list[str]) -> None:
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(typer.Context(group), words)
    command.make_context(name, rest)


def test_rows_of_the_recipe_on_publishing_have_the_options_of_published_rows() -> None:
    """Without `--set`; a comparison of other options would rank nothing."""
    [ran] = [words for words in commands() if words[1:2] == ["association"]]
    assert "--set" not in ran
    [compared] = [words for words in commands() if words.count("--store") == 2]
    assert compared[compared.index("--benchmark") + 1] == "association"
    records = Store.open(ROOT / "results" / "published")
    config = next(r.cell.config for r in records if r.cell.benchmark == "association")
    [task] = [entry for entry in Catalog.read().tasks if entry.name == "association"]
    assert config["benchmark"] == task.configure()


def test_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) > 20
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"quick", "test", "docs"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


@pytest.mark.slow
def test_recipes_run_in_order(tmp_path: Path) -> None:
    """All commands but the suite, which takes minutes; then the site is there."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for words in commands():
        if words in (["run", "quick"], ["leaderboard"], ["report"]):
            continue
        chosen = SHORT[words[1]] if words[0] == "run" else ()
        short = [part for setting in chosen for part in ("--set", setting)]
        done = memnet(*words, *short, cwd=tmp_path)
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
    assert len(list((tmp_path / "runs" / "records").glob("*.json"))) == 4
    assert (tmp_path / "site" / "index.html").is_file()
    for words in (["leaderboard"], ["report"]):
        assert words in commands()
        assert memnet(*words, cwd=tmp_path).returncode == 0
    assert (tmp_path / "report" / "index.html").is_file()


@pytest.mark.slow
def test_the_python_block_runs(tmp_path: Path) -> None:
    (code,) = blocks("python")
    short = "".join(
        f'"{key}": {value}, ' for key, value in (part.split("=") for part in SHORT["induction"])
    )
    assert '"steps": 40' in code
    (tmp_path / "script.py").write_text(code.replace('"steps": 40', short), encoding="utf-8")
    done = run(tmp_path / "script.py")
    assert done.returncode == 0, done.stderr
    assert re.findall(r"memnet +0 +ok|lstm +0 +ok", done.stdout)


@pytest.mark.slow
def test_the_block_of_the_page_on_python_gives_what_it_names(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python-and-jupyter.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    short = "".join(
        f'"{key}": {value}, ' for key, value in (part.split("=") for part in SHORT["induction"])
    )
    assert '"steps": 20' in code
    (tmp_path / "script.py").write_text(
        code.replace('"steps": 20', short)
        + "print(len(frame), len(curves) >= 2, len(published) > 1000, trained.model.training)\n"
    )
    done = run(tmp_path / "script.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 True True False"


def run(script: Path) -> subprocess.CompletedProcess[str]:
    """Run a script, with a store next to it."""
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=environment(MEMNET_STORE=str(script.parent / "runs"), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
