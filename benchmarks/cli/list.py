"""``memnet list``: lists all entries with their requirements, or describes one entry."""

import difflib
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from baselines.registry import Entry, Registry
from benchmarks.cli import shared_options
from benchmarks.cli.list_entry import describe_entry, needs, sizes
from results.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.planning.catalog import Catalog

ENTRY_GROUPS = ("suites", "tasks", "streams", "models", "methods")


def show(
    group: Annotated[
        str | None,
        typer.Argument(
            metavar="GROUP|NAME",
            help="suites, tasks, streams, models or methods, or the name of one entry.",
        ),
    ] = None,
    plugin: shared_options.Plugins = None,
) -> None:
    """List suites, tasks, streams, models and methods.

    Next to a summary are the entry's default sizes and its requirements: of a task or stream the
    training, of a suite the number of benchmarks and models. NAME shows the options of one entry.
    """
    from benchmarks.planning.catalog import Catalog

    catalog = Catalog.read(plugin or ())
    if group is not None and group not in ENTRY_GROUPS:
        print("\n\n".join(describe_entry(entry) for entry in _named(catalog, group)))
        return
    registries: dict[str, Registry] = {
        name: getattr(catalog, name) for name in ([group] if group else ENTRY_GROUPS)
    }
    width = max(
        (len(entry.name) for registry in registries.values() for entry in registry), default=0
    )
    for name, registry in registries.items():
        if group is None:
            print(typer.style(name, bold=True) if sys.stdout.isatty() else name)
        for line in _lines(registry, width, indent=0 if group else 2):
            print(line)


def _named(catalog: "Catalog", name: str) -> list[Entry]:
    """Return the entries of a name; a model and a method may share one.

    Raises:
        UsageError: If there is none; the message has close names with their kinds.
    """
    found = catalog.named(name)
    if not found:
        kinds = dict.fromkeys(ENTRY_GROUPS, "group")
        for registry in catalog.registries:
            for known in registry.names():
                kinds[known] = (
                    f"{kinds[known]} and {registry.kind}" if known in kinds else registry.kind
                )
        near = difflib.get_close_matches(name, kinds, n=5, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(f'{one} ({kinds[one]})' for one in near)}? " if near else ""
        )
        raise UsageError(
            f"unknown group or name '{name}': {hint}memnet list prints all names; the groups are "
            f"{', '.join(ENTRY_GROUPS)}"
        )
    return found


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
        size = f" [{found}]" if (found := sizes(entry)) else ""
        yield f"{' ' * indent}{name}  {entry.summary}{size}{requirement}{install}"
