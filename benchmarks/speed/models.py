"""Speed of models: training, and reading one stream, side by side in one run.

Training: forward pass, objective, backward pass and AdamW on 16 sequences of 256 random tokens.
Reading: one stream, in pieces, without gradients. All models do the same work in turn, so that
other load affects all alike; speeds are medians.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from baselines.interface import SequenceModel, Signature
from benchmarks.execution.entry_functions import build, refusal_reason
from benchmarks.execution.run_cell import configuration
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.variant import Variant, resolve
from benchmarks.speed.timing import Clock, Timing, Work, compare
from results.errors import UsageError

REFERENCE = "lstm"
VOCABULARY = 64
BATCH_SEQUENCES, TRAIN_LENGTH = 16, 256
STREAM_LENGTH, STREAM_PIECE = 4096, 1024
"""Tokens of the stream, and of each piece of it."""
LEARNING_RATE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Speed of one model.

    Attributes:
        model: Name of the model.
        work: *training* or *reading*.
        tokens_per_second: Median speed: per second of CPU time, or of time on another device.
        share: Speed relative to the LSTM of the same run, the median of all rounds.
    """

    model: str
    work: str
    tokens_per_second: float
    share: float


def measurable(names: Sequence[str] | None, *, peers: bool) -> tuple[list[Variant], list[str]]:
    """Return the models to measure, the LSTM first, and the packages that are not installed.

    Args:
        names: Models or variants; None for all that read tokens.
        peers: Whether all models include the public packages.

    Raises:
        UsageError: If there is no such model, or a package that a named one needs is missing.
    """
    catalog = Catalog.read()
    missing: list[str] = []
    chosen = list(names or ())
    if names is None:
        for entry in catalog.models:
            reads = "tokens" in entry.source.facts.get("INPUTS", ("tokens",))
            if not reads or (entry.requires and not peers):
                continue
            if entry.missing:
                missing.extend(entry.missing)
            else:
                chosen.append(entry.name)
    variants = [resolve(catalog.model, name) for name in dict.fromkeys([REFERENCE, *chosen])]
    return variants, sorted(set(missing))


def measure(
    models: Iterable[Variant],
    *,
    rounds: int = 8,
    device: torch.device,
    sequences: int = BATCH_SEQUENCES,
    length: int = TRAIN_LENGTH,
    stream: int = STREAM_LENGTH,
) -> list[Speed]:
    """Measure all models in turn.

    Args:
        models: The models; the first is the reference of the shares.
        rounds: How often each does the work, after a first time that is not counted.
        device: Where they run.
        sequences: Sequences of a training step.
        length: Tokens of each.
        stream: Tokens of the stream.

    Raises:
        UsageError: If a model can't be built with its options.
    """
    built = {variant.name: _build(variant, length, device) for variant in models}
    draws = torch.Generator().manual_seed(0)
    batch = torch.randint(VOCABULARY, (sequences, length), generator=draws).to(device)
    one = torch.randint(VOCABULARY, (1, stream), generator=draws).to(device)
    loops = {name: _training(model, batch) for name, model in built.items()}
    speeds = _speeds("training", loops, batch.numel(), rounds, device)
    reads = {name: _reading(model, one) for name, model in built.items()}
    return speeds + _speeds("reading", reads, one.numel(), rounds, device)


def _build(variant: Variant, length: int, device: torch.device) -> SequenceModel:
    """Build a model.

    Raises:
        UsageError: If its options are not valid.
    """
    torch.manual_seed(0)
    signature = Signature(vocabulary=VOCABULARY, outputs=VOCABULARY, length=length)
    try:
        options = configuration(variant.entry.load(), variant.config)
        model: SequenceModel = build(variant.entry, options, signature)
    except Exception as error:
        reason = refusal_reason(error, [variant.entry])
        raise UsageError(f"{variant.name} can't be built with these options: {reason}") from error
    return model.to(device)


def _training(model: SequenceModel, batch: torch.Tensor) -> Callable[[], object]:
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE) if learned else None
    draws = torch.Generator().manual_seed(0)

    def step() -> None:
        model.train()
        output = model(batch, targets=batch, generator=draws)
        loss = functional.cross_entropy(output.logits.flatten(0, 1), batch.flatten())
        total = model.objective(loss, output.losses)
        if optimizer is not None and total.requires_grad:
            optimizer.zero_grad()
            total.backward()
            optimizer.step()

    return step


def _reading(model: SequenceModel, stream: torch.Tensor) -> Callable[[], object]:
    answer = torch.zeros(1, 1, dtype=torch.int64, device=stream.device)

    @torch.no_grad()
    def read() -> None:
        model.eval()
        state: Any = None
        for piece in stream.split(STREAM_PIECE, dim=1):
            state = model(piece, state, positions=answer).state

    return read


def _speeds(
    work: str,
    loops: dict[str, Callable[[], object]],
    tokens: int,
    rounds: int,
    device: torch.device,
) -> list[Speed]:
    def prepared(do: Callable[[], object]) -> Work:
        do()
        return lambda: do

    timings = compare(
        work, {name: prepared(do) for name, do in loops.items()}, rounds, _clock(device)
    )
    return [_speed(timing, tokens) for timing in timings]


def _speed(timing: Timing, tokens: int) -> Speed:
    return Speed(
        model=timing.baseline,
        work=timing.work,
        tokens_per_second=tokens / timing.seconds,
        share=1.0 / timing.ratio,
    )


def _clock(device: torch.device) -> Clock:
    """Return CPU time on the processor, else time after all work on the device is done."""
    if device.type == "cpu":
        return time.process_time

    def clock() -> float:
        torch.accelerator.synchronize(device)
        return time.perf_counter()

    return clock
