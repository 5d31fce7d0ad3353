"""``memnet report``: figures, tables and one page from a store."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options


def report(
    store: options.Store = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the report goes.")] = Path("report"),
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write figures, tables and one self-contained page."""
    from reports.build import build
    from results.store import Store

    page = build(Store.open(options.store_root(store)), out)
    typer.echo(f"report: {page}")
    if open_:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())
