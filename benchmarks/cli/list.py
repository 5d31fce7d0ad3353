"""``memnet list``: lists all entries with their requirements, or describes one entry."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from baselines.registry import Entry, Registry, unknown
from benchmarks.cli import shared_options
from benchmarks.cli.list_entry import describe_entry, needs
from results.errors import UsageError

GROUPS = ("suites", "tasks", "streams", "models", "methods")


def show(
    group: Annotated[
        str | None,
        typer.Argument(
            metavar="GROUP|NAME",
            help="suites, tasks, streams, models or methods; or the name of one entry.",
        ),
    ] = None,
    plugin: shared_options.Plugins = None,
) -> None:
    """List suites, tasks, streams, models and methods with their requirements.

    The name of an entry prints its options too.
    """
    from benchmarks.planning.catalog import Catalog

    catalog = Catalog.read(plugin or ())
    if group is not None and group not in GROUPS:
        _one(group, {name: getattr(catalog, name) for name in GROUPS})
        return
    registries: dict[str, Registry] = {
        name: getattr(catalog, name) for name in ([group] if group else GROUPS)
    }
    width = max(
        (len(entry.name) for registry in registries.values() for entry in registry), default=0
    )
    for name, registry in registries.items():
        if group is None:
            print(typer.style(name, bold=True) if sys.stdout.isatty() else name)
        for line in _lines(registry, width, indent=0 if group else 2):
            print(line)


def _one(name: str, registries: dict[str, Registry]) -> None:
    """Describe an entry; a model and a method may share a name."""
    found = [registry.get(name) for registry in registries.values() if name in registry]
    if not found:
        known = [one for registry in registries.values() for one in registry.names()]
        raise UsageError(unknown("group or name", name, [*GROUPS, *known]))
    print("\n\n".join(describe_entry(entry) for entry in found))


def _lines(entries: Iterable[Entry], width: int, indent: int) -> Iterable[str]:
    for entry in entries:
        name = (
            typer.style(f"{entry.name:{width}}", fg="cyan")
            if sys.stdout.isatty()
            else f"{entry.name:{width}}"
        )
        needed = needs(entry)
        install = f" not installed: pip install {' '.join(entry.missing)}" if entry.missing else ""
        requirement = f" [needs {needed}]" if needed else ""
        yield f"{' ' * indent}{name}  {entry.summary}{requirement}{install}"
