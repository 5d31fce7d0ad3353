"""``memnet tune``: selects learning rates."""

from typing import Annotated

import typer

from benchmarks.cli import shared_options


def tune(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A suite, task or stream.")],
    models: shared_options.Models = None,
    methods: shared_options.Methods = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="KEY=A,B",
            help="Grid of lr and of other options, with the prefixes of --set; repeatable.",
        ),
    ] = None,
    jobs: shared_options.Jobs = None,
    device: shared_options.Device = "auto",
    store: shared_options.Store = None,
    data_root: shared_options.DataRoot = None,
    plugin: shared_options.Plugins = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Benchmark option; repeatable."),
    ] = None,
    no_write: Annotated[
        bool, typer.Option("--no-write", help="Print the rates without changing the table.")
    ] = False,
) -> None:
    """Select learning rates by the same search for every model.

    Five rates are tried at a quarter of the steps, and the better half of them at all steps. While
    the best rate is at the edge of the grid, the grid is extended. The cells use validation data
    and a seed that is never reported. With --methods, each method of a stream gets a rate of its
    own. Rates of built-in models are written into the table that memnet run reads. With --no-write,
    --plugin or a --grid of other options, the best values are only printed.
    """
    from benchmarks.cli.plan_options import names_of
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.learning_rates import TABLE
    from benchmarks.planning.set_options import Settings, parse_settings
    from benchmarks.tuning.grid import parse_grid
    from benchmarks.tuning.tune import tune as search
    from results.errors import UsageError

    given = parse_settings(settings or ())
    if given != Settings(benchmark=given.benchmark):
        raise UsageError(
            "memnet tune: --set takes options of the benchmark; variants share the rate of their "
            "model; options to try are given by --grid"
        )
    points = parse_grid(grid or ())
    only_rates = all(not point.options for point in points)
    search(
        name,
        models=names_of("--models", models),
        methods=names_of("--methods", methods),
        grid=points,
        options=given.benchmark,
        jobs=jobs,
        device=device,
        store=shared_options.one_store(store) or shared_options.store_root(None) / "tuning",
        data_root=data_root,
        table=TABLE if only_rates and not plugin and not no_write else None,
        catalog=Catalog.read(plugin or ()),
    )
