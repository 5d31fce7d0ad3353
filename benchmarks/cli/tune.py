"""``memnet tune``: pick learning rates."""

from typing import Annotated

import typer

from benchmarks.cli import options


def tune(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A suite, task or stream.")],
    models: options.Models = None,
    jobs: options.Jobs = None,
    device: options.Device = "auto",
    store: options.Store = None,
    data_root: options.DataRoot = None,
    plugin: options.Plugins = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Benchmark option; repeatable.")] = None,
    no_write: Annotated[bool, typer.Option("--no-write", help="Say the rates, and leave the table as it is.")] = False,
) -> None:
    """Pick each model's learning rate from the grid.

    It runs on a seed that is never reported, and on validation data. Rates of built-in models are written into the table of this
    installation, from which `memnet run` takes them, whatever --set it is given; with --no-write or --plugin nothing is written, and
    the rates are said, for --set training.learning_rate.
    """
    from benchmarks.catalog import Catalog
    from benchmarks.rates import TABLE
    from benchmarks.settings import Settings, parse_settings
    from benchmarks.tuning import tune as pick
    from benchmarks.variant import split_names
    from results.errors import UsageError

    given = parse_settings(settings or ())
    if given != Settings(benchmark=given.benchmark):
        raise UsageError("memnet tune: --set takes options of the benchmark; a model's rate holds for its variants too")
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
