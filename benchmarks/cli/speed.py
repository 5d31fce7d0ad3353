"""``memnet speed``: times the training loops against a bare PyTorch loop and Avalanche's."""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from baselines.registry import unknown
from results.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speed.timing import Timing

MEASUREMENTS = ("streams",)


def speed(
    what: Annotated[
        str, typer.Argument(metavar="[streams]", help="The loops to time.")
    ] = "streams",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds", metavar="N", help="Measurements per loop; the median is reported."
        ),
    ] = 5,
) -> None:
    """Time training loops on one thread, in CPU seconds."""
    if what not in MEASUREMENTS:
        raise UsageError(unknown("measurement", what, MEASUREMENTS))
    if rounds < 1:
        raise UsageError(f"--rounds {rounds}: it takes a number of at least 1")
    import torch

    from benchmarks.speed.streams import measure

    torch.set_num_threads(1)
    timings = measure(rounds=rounds)
    print(
        json.dumps([dataclasses.asdict(timing) for timing in timings], indent=1)
        if as_json
        else _table(timings)
    )


def _table(timings: "Sequence[Timing]") -> str:
    from tabulate import tabulate

    rows = [
        [timing.work, timing.baseline, f"{timing.seconds:.3f} s", f"{timing.ratio:.2f}"]
        for timing in timings
    ]
    return tabulate(
        rows, headers=["work", "loop", "CPU time", "ratio to the bare loop"], disable_numparse=True
    )
