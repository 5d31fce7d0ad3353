"""``memnet speed``: what learning costs, side by side with a bare loop and with others', in one run."""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from baselines.registry import unknown
from results.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speed.timing import Timing

WHAT = ("streams",)


def speed(
    what: Annotated[str, typer.Argument(metavar="[streams]", help="What to measure.")] = "streams",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds", metavar="N", help="How often each takes its turn; the median counts."
        ),
    ] = 5,
) -> None:
    """Measure learning loops side by side, in seconds of the processor, on one thread."""
    if what not in WHAT:
        raise UsageError(unknown("measurement", what, WHAT))
    if rounds < 1:
        raise UsageError(f"--rounds {rounds}: it takes a number from 1 up")
    import torch

    from benchmarks.speed.streams import measure

    torch.set_num_threads(1)
    timings = measure(rounds=rounds)
    typer.echo(
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
        rows, headers=["work", "loop", "CPU time", "to the bare loop"], disable_numparse=True
    )
