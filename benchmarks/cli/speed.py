"""``memnet speed``: the speed of models, or of training loops on a stream, in one run."""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from baselines.registry import unknown
from benchmarks.cli.shared_options import Device, Models
from results.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speed.models import Speed
    from benchmarks.speed.timing import Timing

MEASUREMENTS = ("models", "streams")
MOST_ROUNDS = 1_000


def speed(
    what: Annotated[
        str,
        typer.Argument(
            metavar="[models|streams]",
            help="Training and reading of all models, or training loops on a stream.",
        ),
    ] = "models",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    rounds: Annotated[
        int,
        typer.Option("--rounds", metavar="N", help="Measurements of each; medians are reported."),
    ] = 8,
    models: Models = None,
    peers: Annotated[
        bool, typer.Option("--peers", help="Measure the installed public packages too.")
    ] = False,
    device: Device = "cpu",
) -> None:
    """Measure the speed of models or of training loops.

    They are measured in turn, in one run on one thread. On a CPU, the unit is CPU time.
    """
    if what not in MEASUREMENTS:
        raise UsageError(unknown("measurement", what, MEASUREMENTS))
    if not 1 <= rounds <= MOST_ROUNDS:
        raise UsageError(f"--rounds {rounds}: it takes a number from 1 to {MOST_ROUNDS:,}")
    if what == "streams" and (models or peers or device != "cpu"):
        raise UsageError("--models, --peers and --device are options of `memnet speed models`")
    import torch

    torch.set_num_threads(1)
    if what == "streams":
        from benchmarks.speed.streams import measure

        timings = measure(rounds=rounds)
        _show(timings, _loops(timings), as_json)
    else:
        speeds = _of_models(models, peers=peers, device=device, rounds=rounds)
        _show(speeds, _models(speeds), as_json)


def _of_models(models: str | None, *, peers: bool, device: str, rounds: int) -> "list[Speed]":
    from benchmarks.cli.plan_options import names_of
    from benchmarks.execution.devices import choose_device
    from benchmarks.speed.models import measurable, measure

    variants, missing = measurable(names_of("--models", models), peers=peers)
    if missing:
        typer.echo(f"not installed, so not measured: {', '.join(missing)}", err=True)
    return measure(variants, rounds=rounds, device=choose_device(device))


def _show(found: "Sequence[Speed | Timing]", table: str, as_json: bool) -> None:
    rows = [dataclasses.asdict(row) for row in found]
    print(json.dumps(rows, indent=1) if as_json else table)


def _models(speeds: "Sequence[Speed]") -> str:
    from tabulate import tabulate

    of = {(speed.model, speed.work): speed for speed in speeds}
    rows = []
    for model in dict.fromkeys(speed.model for speed in speeds):
        row = [model]
        for work in ("training", "reading"):
            speed = of[model, work]
            row += [f"{speed.tokens_per_second / 1000:,.1f}k", f"{speed.share:.2f}"]
        rows.append(row)
    headers = ["model", "training, tokens/s", "of the LSTM", "reading, tokens/s", "of the LSTM"]
    return tabulate(rows, headers=headers, disable_numparse=True)


def _loops(timings: "Sequence[Timing]") -> str:
    from tabulate import tabulate

    rows = [
        [timing.work, timing.baseline, f"{timing.seconds:.3f} s", f"{timing.ratio:.2f}"]
        for timing in timings
    ]
    return tabulate(
        rows, headers=["work", "loop", "CPU time", "ratio to the bare loop"], disable_numparse=True
    )
