"""``memnet leaderboard``: prints the leaderboard."""

from typing import Annotated, Literal, cast, get_args

import typer

from baselines.registry import unknown
from benchmarks.cli import shared_options
from results.errors import UsageError

Format = Literal["md", "csv", "json", "latex", "html"]


def leaderboard(
    store: shared_options.Store = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="|".join(get_args(Format)), help="Format of the table."),
    ] = "md",
) -> None:
    """Print the leaderboard."""
    from reports.tables.leaderboard import render
    from results.store.store import Store

    if form not in get_args(Format):
        raise UsageError(unknown("format", form, get_args(Format)))
    print(render(Store.open(shared_options.store_root(store)), cast(Format, form)), end="")
