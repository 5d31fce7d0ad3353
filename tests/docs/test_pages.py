"""The pages of the documentation: entries keep their contract, and every block runs in order.

Blocks of ``sh`` and ``python`` run as written. Those of ``bash`` take hours or need several
machines: their commands are parsed, and what they run is planned.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from baselines.registry import read_plugin
from benchmarks.checks.check import check_file
from benchmarks.checks.models import MODEL_SIZES
from benchmarks.cli.app import app
from tests.benchmarks.command import environment, memnet

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
BLOCK = re.compile(
    r'^```(python|sh|bash)(?: title="([^"]+)")?\n(.*?)^```', re.DOTALL | re.MULTILINE
)
ENTRY_PAGES = [page for page in PAGES if page.name.startswith("add-a-")]


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Return language, title and content of each block."""
    return [
        (found[1], found[2] or "", found[3])
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def commands(block: str) -> list[list[str]]:
    return [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]


def commands_of(language: str) -> list[list[str]]:
    """Return the commands of all pages in blocks of a language."""
    return [
        words
        for page in PAGES
        for found, _, content in blocks(page)
        if found == language
        for words in commands(content)
    ]


COMMANDS = commands_of("sh")
LONG_COMMANDS = [words for words in commands_of("bash") if words[0] == "memnet"]
OTHER_PROGRAMS = {"sbatch", "ray", "pip"}
STATUS_OPTIONS = {
    option
    for parameter in typer.main.get_command(app).commands["status"].params
    for option in parameter.opts
}


def planned(words: list[str]) -> list[str]:
    """Return the arguments of `memnet status` for what a command would run."""
    kept, place = ["status", words[2]], 3
    while place < len(words):
        if words[place] in STATUS_OPTIONS:
            kept += words[place : place + 2]
        place += 2
    return kept


def test_there_is_a_page_for_each_kind_of_entry() -> None:
    kinds = {page.stem.removeprefix("add-a-") for page in ENTRY_PAGES}
    assert kinds == {"model", "method", "task", "stream", "suite"}
    assert len(COMMANDS) > 15


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
@pytest.mark.parametrize("page", ENTRY_PAGES, ids=lambda page: page.stem)
def test_entry_of_a_page_keeps_its_contract(page: Path, tmp_path: Path) -> None:
    ((_, title, content),) = [block for block in blocks(page) if block[1]]
    (tmp_path / title).write_text(content, encoding="utf-8")
    found = list(check_file(tmp_path / title, data_root=tmp_path))
    assert [str(one) for one in found if not one.holds] == []
    assert len(found) >= 5


@pytest.mark.parametrize("words", [*COMMANDS, *LONG_COMMANDS], ids=" ".join)
def test_command_of_a_page_is_valid(words: list[str]) -> None:
    assert words[0] == "memnet"
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(typer.Context(group), words[1:])
    if "--config" not in rest:  # the file is read when the command is parsed
        command.make_context(name, rest)


def test_the_model_of_a_page_has_sizes(tmp_path: Path) -> None:
    """Otherwise the rule on sizes below 1 checks nothing."""
    ((_, title, content),) = [block for block in blocks(DOCS / "add-a-model.md") if block[1]]
    (tmp_path / title).write_text(content, encoding="utf-8")
    entry = read_plugin(tmp_path / title)
    assert {option.name for option in entry.source.options} & set(MODEL_SIZES)


def test_other_programs_of_pages_are_known() -> None:
    assert {words[0] for words in commands_of("bash")} - {"memnet"} <= OTHER_PROGRAMS


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
@pytest.mark.parametrize("page", ENTRY_PAGES, ids=lambda page: page.stem)
def test_ruff_accepts_the_entry_of_a_page(command: list[str], page: Path) -> None:
    ((_, _, content),) = [block for block in blocks(page) if block[1]]
    ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", "baselines/models/my.py"]
    done = subprocess.run(
        [*ruff, "-"], cwd=DOCS.parent, input=content, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_mypy_accepts_the_entries_of_pages(tmp_path: Path) -> None:
    files = []
    for page in ENTRY_PAGES:
        ((_, title, content),) = [block for block in blocks(page) if block[1]]
        files.append(tmp_path / title)
        files[-1].write_text(content, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", "pyproject.toml"),
            "--allow-subclassing-any",  # Avalanche, subclassed there, has no types
            *map(str, files),
        ],
        cwd=DOCS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_exist(page: Path) -> None:
    """Links lead to pages, to files of the repository, and to headings that exist.

    A page of the built site alone, such as that of all commands, is missing in the repository.
    """
    for link, heading in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        file = DOCS / link if link else page
        assert file.is_file(), link
        headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
        assert not heading or heading in [slug(one) for one in headings], (link, heading)


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def test_every_page_is_in_the_navigation() -> None:
    config = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^ +- (\S+\.md)$", config, re.MULTILINE)
    assert sorted(listed) == sorted({*(page.name for page in PAGES), "commands.md"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [words for words in LONG_COMMANDS if words[1] == "run"], ids=" ".join
)
def test_long_command_can_be_planned(words: list[str], tmp_path: Path) -> None:
    done = memnet(*planned(words), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "missing" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    for number, (language, title, content) in enumerate(blocks(page)):
        if language == "bash":
            continue
        if language == "sh":
            for words in commands(content):
                done = memnet(*words[1:], cwd=tmp_path)
                assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
            continue
        path = tmp_path / (title or f"block_{number}.py")
        path.write_text(content, encoding="utf-8")
        if title:
            continue
        done = subprocess.run(
            [sys.executable, str(path)],
            cwd=tmp_path,
            env=environment(PYTHONPATH=os.environ.get("PYTHONPATH", "")),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
