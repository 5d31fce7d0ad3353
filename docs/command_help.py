"""Writes the page of commands: the help of each of them, as the command prints it."""

from typing import Any

import typer.main
from mkdocs.structure.files import File, Files

from benchmarks.cli.app import app


def page() -> str:
    """Return the page in Markdown."""
    group: Any = typer.main.get_command(app)
    context = typer.Context(group, info_name="memnet")
    parts = ["# Commands\n", "Each command prints this by `--help`.\n"]
    for name, command in group.commands.items():
        inner = typer.Context(command, info_name=name, parent=context)
        parts.append(f"## memnet {name}\n\n```text\n{command.get_help(inner).strip()}\n```\n")
    return "\n".join(parts)


def on_files(files: Files, config: Any) -> Files:
    """Add the page to the site."""
    files.append(File.generated(config, "commands.md", content=page()))
    return files
