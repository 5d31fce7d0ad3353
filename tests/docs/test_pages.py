"""The pages of the documentation: entries keep their contract, and every block runs in order."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from benchmarks.checks.check import check_file
from benchmarks.cli.app import app
from tests.benchmarks.command import environment, memnet

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
BLOCK = re.compile(r'^```(python|sh)(?: title="([^"]+)")?\n(.*?)^```', re.DOTALL | re.MULTILINE)
ENTRY_PAGES = [page for page in PAGES if page.name.startswith("add-a-")]


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Return language, title and content of each block."""
    return [
        (found[1], found[2] or "", found[3])
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def commands(block: str) -> list[list[str]]:
    return [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]


COMMANDS = [
    words
    for page in PAGES
    for language, _, content in blocks(page)
    if language == "sh"
    for words in commands(content)
]


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


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_command_of_a_page_is_valid(words: list[str]) -> None:
    assert words[0] == "memnet"
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(typer.Context(group), words[1:])
    if "--config" not in rest:  # the file is read when the command is parsed
        command.make_context(name, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert all((DOCS / link).is_file() or link == "commands.md" for link in links), links


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    for number, (language, title, content) in enumerate(blocks(page)):
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
