"""``memnet inspect``: writes a page that shows what a memory does."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.paths import folder

if TYPE_CHECKING:
    from benchmarks.inspection.inspection import Inspection


def inspect(
    cell: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="CELL",
            help="Id of a cell that was run with --keep-weights [default: three small memories, "
            "trained for this page].",
        ),
    ] = None,
    store: shared_options.Store = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", parser=folder("--out"), help="Output folder of the page."
        ),
    ] = Path("inspection"),
    plugin: shared_options.Plugins = None,
    data_root: shared_options.DataRoot = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show what a memory stores and forgets, with figures.

    The page has the events of the memory over time: writes, reads, links, evictions and dreams.
    """
    stored = import_stored_weights()
    from memnet.tracing.table import EVENTS, TRACE_COLUMNS
    from reports.output.inspection import write

    if cell is not None:
        root = shared_options.store_root(shared_options.one_store(store))
        parts = [
            stored.inspect_cell(root, cell, plugins=plugin or (), data_root=data_root).part("trace")
        ]
    else:
        parts = [one.part(name) for name, one in _demonstrations()]
    page = write(parts, out, columns=TRACE_COLUMNS, events=EVENTS)
    print(f"inspection: {page}")
    if open_:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())


def import_stored_weights() -> ModuleType:
    """Import the inspection of stored models, without a warning of a package that nothing uses."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "no QP solver found")
        from benchmarks.inspection import stored_weights
    return stored_weights


def _demonstrations() -> Iterator[tuple[str, "Inspection"]]:
    import torch

    from benchmarks.inspection.demonstration import (
        learned_demonstration,
        sequence_demonstration,
        stream_demonstration,
    )

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with _bar("training a small MemNet") as progress:
            yield "sequences", sequence_demonstration(progress)
        with _bar("training a small persistent memory") as progress:
            yield "stream", stream_demonstration(progress)
        with _bar("training one with a learned encoder") as progress:
            yield "encoder", learned_demonstration(progress)
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _bar(text: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on standard error while something is trained."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(text, total=1.0)
        yield lambda fraction: bars.update(bar, completed=fraction)
