"""The page on clusters: its commands and options exist."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from benchmarks.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(match, comments=True)
    for block in re.findall(r"```(?:ba)?sh\n(.*?)```", PAGE, re.DOTALL)
    for match in re.findall(r"memnet (?:run|status) [^\"\n]*", block)
]


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_valid(words: list[str]) -> None:
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(typer.Context(group), words[1:])
    parsed = command.make_context(name, rest)
    assert parsed.params["name"] == words[2]


def test_options_in_the_text_exist() -> None:
    command = typer.main.get_command(app).commands["run"]
    known = {option for parameter in command.params for option in parameter.opts} | {
        "--head",
        "--array",
        "--wrap",
        "--logdir",
    }
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert named <= known
    assert len(named & known) >= 10
