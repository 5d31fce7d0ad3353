"""``memnet leaderboard``: prints the leaderboard."""

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from baselines.registry import unknown
from benchmarks.cli import shared_options
from results.errors import UsageError

Format = Literal["md", "csv", "json", "latex", "html"]

PUBLISHED = "published"
"""Name of the store of the package's own records."""


def leaderboard(
    stores: Annotated[
        list[str] | None,
        typer.Option(
            "--store",
            metavar="DIR",
            help="Folder of the records; repeatable; 'published' is the package's own "
            "[default: MEMNET_STORE, else runs].",
        ),
    ] = None,
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
    form: Annotated[
        str,
        typer.Option("--format", metavar="|".join(get_args(Format)), help="Format of the table."),
    ] = "md",
) -> None:
    """Print the leaderboard."""
    from benchmarks.planning.variant import split_names
    from reports.analysis.narrowed import narrowed
    from reports.analysis.selection import select
    from reports.tables.leaderboard import render_selection
    from results.store.store import Store

    if form not in get_args(Format):
        raise UsageError(unknown("format", form, get_args(Format)))
    first, *others = [Store.open(_folder(one)) for one in stores or [""]]
    selection = narrowed(
        select(first, *others),
        benchmarks=split_names(benchmarks or ""),
        models=split_names(models or ""),
        methods=split_names(methods or ""),
        reference_only=reference_only,
    )
    print(render_selection(selection, form), end="")


def _folder(given: str) -> Path:
    import results

    if given == PUBLISHED and not Path(given).exists():
        return Path(results.__file__).parent / PUBLISHED
    return shared_options.store_root(Path(given) if given else None)
