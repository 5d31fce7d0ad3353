"""``memnet list``: what there is, one line each, with what it needs."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from baselines.registry import Entry, Registry, unknown
from benchmarks.cli import options
from results.errors import UsageError

GROUPS = ("suites", "tasks", "streams", "models", "methods")


def show(
    group: Annotated[str | None, typer.Argument(metavar="[suites|tasks|streams|models|methods]", help="Only these.")] = None,
    plugin: options.Plugins = None,
) -> None:
    """List what there is, one line each, with what it needs."""
    from benchmarks.catalog import Catalog

    if group is not None and group not in GROUPS:
        raise UsageError(unknown("group", group, GROUPS))
    catalog = Catalog.read(plugin or ())
    registries: dict[str, Registry] = {name: getattr(catalog, name) for name in ([group] if group else GROUPS)}
    width = max((len(entry.name) for registry in registries.values() for entry in registry), default=0)
    for name, registry in registries.items():
        if group is None:
            typer.secho(name, bold=True)
        for line in _lines(registry, width, indent=0 if group else 2):
            typer.echo(line)


def _lines(entries: Iterable[Entry], width: int, indent: int) -> Iterable[str]:
    for entry in entries:
        name = typer.style(f"{entry.name:{width}}", fg="cyan") if sys.stdout.isatty() else f"{entry.name:{width}}"
        needs = _needs(entry)
        install = f" not installed: pip install {' '.join(entry.missing)}" if entry.missing else ""
        yield f"{' ' * indent}{name}  {entry.summary}{f' [needs {needs}]' if needs else ''}{install}"


def _needs(entry: Entry) -> str:
    parts = list(entry.requires)
    if entry.source.facts.get("FILES"):
        parts.append("its data in the data root, or a download")
    return ", ".join(parts)
