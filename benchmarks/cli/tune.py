"""``memnet tune``: selects learning rates."""

from typing import Annotated

import typer

from benchmarks.cli import shared_options


def tune(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A suite, task or stream.")],
    models: shared_options.Models = None,
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
    """Select each model's learning rate from a grid.

    The cells use a seed that is never reported, and validation data. Rates of built-in models are
    written into the table of this installation, which `memnet run` reads. With --no-write or
    --plugin the rates are only printed, for use with --set training.learning_rate.
    """
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.learning_rates import TABLE
    from benchmarks.planning.overrides import Settings, parse_settings
    from benchmarks.planning.variant import split_names
    from benchmarks.tuning.tune import tune as pick
    from results.errors import UsageError

    given = parse_settings(settings or ())
    if given != Settings(benchmark=given.benchmark):
        raise UsageError(
            "memnet tune: --set takes options of the benchmark; variants share the rate of their "
            "model"
        )
    pick(
        name,
        models=split_names(models) if models else None,
        options=given.benchmark,
        jobs=jobs,
        device=device,
        store=store,
        data_root=data_root,
        table=None if plugin or no_write else TABLE,
        catalog=Catalog.read(plugin or ()),
    )
