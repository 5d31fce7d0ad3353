"""``memnet leaderboard``: prints the leaderboard."""

import sys
from typing import Annotated, Literal, get_args

import typer

from baselines.registry import unknown
from benchmarks.cli import shared_options
from results.errors import UsageError

Format = Literal["text", "md", "csv", "json", "latex", "html"]


def leaderboard(
    stores: shared_options.Stores = None,
    benchmarks: Annotated[
        str | None,
        typer.Option("--benchmark", metavar="A,B", help="Only these benchmarks, or mqar*."),
    ] = None,
    models: Annotated[
        str | None, typer.Option("--model", metavar="A,B", help="Only these models, or memnet*.")
    ] = None,
    methods: Annotated[
        str | None, typer.Option("--method", metavar="C,D", help="Only these methods, or er*.")
    ] = None,
    reference_only: Annotated[
        bool,
        typer.Option(
            "--reference-only", help="Without controls, bounds, ablations, sizes and budgets."
        ),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="A,B",
            help="Only these columns, such as score,seeds,state; an unknown name lists all.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="|".join(get_args(Format)),
            help="Format of the table [default: text on a terminal, else md].",
        ),
    ] = None,
) -> None:
    """Print the leaderboard."""
    from benchmarks.cli.plan_options import names_of
    from reports.analysis.selection_filter import narrowed
    from reports.tables.leaderboard import render_selection

    form = form or ("text" if sys.stdout.isatty() else "md")
    if form not in get_args(Format):
        raise UsageError(unknown("format", form, get_args(Format)))
    selection = narrowed(
        shared_options.selected(stores or ()),
        benchmarks=names_of("--benchmark", benchmarks) or (),
        models=names_of("--model", models) or (),
        methods=names_of("--method", methods) or (),
        reference_only=reference_only,
    )
    print(render_selection(selection, form, names_of("--columns", columns) or ()), end="")
