"""``memnet tune``: make the table of learning rates (for the bench's keepers; hidden from help)."""

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
) -> None:
    """Pick each model's learning rate from the grid, on the tuning seed and on validation data, and write it into the table."""
    from benchmarks.tuning import tune as make_table
    from benchmarks.variant import split_names

    make_table(name, models=split_names(models) if models else None, jobs=jobs, device=device, store=store, data_root=data_root)
