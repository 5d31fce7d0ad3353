"""Training on a long-dependency task, and questions asked on forks of the state.

Shapes: ``B`` batch, ``T`` time, ``P`` places where an answer is wanted, ``Q`` questions, ``L`` length of a question.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from jaxtyping import Int
from pydantic import JsonValue
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import SequenceModel, Signature, map_state, state_bytes
from memnet.recorder import Recorder
from results.metrics import task_metrics
from results.record import Outcome
from results.survival import survival
from strategies.cost import Stopwatch, measure_cost
from strategies.randomness import generator

VERSION = 1
"""Raise it when a change here can alter results: it is part of the identity of every cell trained by this loop."""

PIECE = 1024
"""Tokens of an evaluation stream that are read at a time."""

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises."""

FLOOR = 0.1
"""Share of the learning rate that is left at the last step."""

CLIP = 1.0
"""Largest norm of a gradient."""

LOSS_POINTS = 50
"""Points of the training loss that a record keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sequences with the places where an answer is wanted, and the answers."""

    inputs: Int[Tensor, "B T"]
    positions: Int[Tensor, "B P"]
    targets: Int[Tensor, "B P"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Questions asked on forks of one stream's state: each is a few tokens, and its answer is wanted at the last of them."""

    inputs: Int[Tensor, "B Q L"]
    targets: Int[Tensor, "B Q"]


class Probe(Protocol):
    """One long stream per row, read once; the same questions are asked at each distance."""

    distances: Sequence[int]

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the tokens from ``start`` to ``stop``; pieces are asked for in order, each once."""

    def read_until(self, distance: int) -> int:
        """Return how many tokens have been read when the questions are asked at this distance."""

    def questions(self) -> Questions:
        """Return the questions and their answers."""


class SequenceTask(Protocol):
    """A generator of sequences, with its sweep of distances."""

    signature: Signature

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw training sequences."""

    def probe(self, batch: int, generator: torch.Generator) -> Probe:
        """Draw evaluation streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What evaluation found.

    Attributes:
        accuracy_by_distance: Rows of distance, accuracy and number of questions; accuracy is null beyond a bounded model's longest.
        slots: Slot statistics, or None for models without slots.
        state_bytes: Peak of what one sequence carries.
    """

    accuracy_by_distance: list[list[float | None]]
    slots: dict[str, JsonValue] | None
    state_bytes: int


def run_task(
    task: SequenceTask,
    build_model: Callable[[Signature], SequenceModel],
    *,
    steps: int,
    batch_size: int,
    streams: int,
    learning_rate: float,
    seed: int,
    device: torch.device,
    progress: Callable[[float], None],
) -> Outcome:
    """Train a model on fresh examples of a task, then ask at each distance.

    The model is initialised from the global generator, which the caller seeds; training data, evaluation data and what the model draws have
    generators of their own, so a seed gives every model the same examples and the same questions.

    Args:
        task: The task.
        build_model: Makes the model for the task's signature.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams.
        learning_rate: Peak learning rate.
        seed: The cell's seed.
        device: Where to train.
        progress: Called with the fraction done, in [0, 1].
    """
    model = build_model(task.signature).to(device)
    watch, evaluation = Stopwatch(), Stopwatch()
    with watch:
        losses = train(
            model, task, steps=steps, batch_size=batch_size, learning_rate=learning_rate, seed=seed, progress=lambda f: progress(0.8 * f)
        )
    with evaluation:
        probe = task.probe(streams, generator("evaluation", seed))
        reading = evaluate(model, probe, progress=lambda f: progress(0.8 + 0.2 * f))
    return Outcome(
        metrics=dict(task_metrics(reading.accuracy_by_distance)),
        curves={
            "accuracy_by_distance": [list(row) for row in reading.accuracy_by_distance],
            "training_loss": [list(row) for row in losses],
        },
        slots=reading.slots,
        cost=measure_cost(
            model,
            state_bytes=reading.state_bytes,
            train=watch,
            evaluation=evaluation,
            train_examples=steps * batch_size,
            device=device,
        ),
    )


def train(
    model: SequenceModel,
    task: SequenceTask,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    progress: Callable[[float], None],
) -> list[tuple[float, float]]:
    """Train with AdamW, a linear warm-up and a cosine decay: the same for every model.

    Returns:
        The training loss as ``(step, loss)``, a mean over the steps since the last point.
    """
    device = next(model.parameters()).device
    examples, drawn = generator("examples", seed), generator("model", seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))
    points: list[tuple[float, float]] = []
    since: list[float] = []
    model.train()
    for step in range(steps):
        batch = task.sample(batch_size, examples)
        positions, targets = batch.positions.to(device), batch.targets.to(device)
        output = model(batch.inputs.to(device), targets=targets, positions=positions, generator=drawn)
        task_loss = functional.cross_entropy(output.logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        model.objective(task_loss, output.losses).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        since.append(float(task_loss.detach()))
        if (step + 1) * LOSS_POINTS // steps > step * LOSS_POINTS // steps:
            points.append((step + 1.0, sum(since) / len(since)))
            since.clear()
        progress((step + 1) / steps)
    return points


def rate_at(step: int, steps: int) -> float:
    """Share of the peak learning rate at a step: up linearly, then down along a cosine to ``FLOOR``."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


@torch.no_grad()
def evaluate(model: SequenceModel, probe: Probe, *, progress: Callable[[float], None]) -> Reading:
    """Read each stream once, fork the state at each distance, and ask all questions there.

    A question is put to a fork, so it leaves no trace in the stream: all distances share one pass, whatever their number.
    """
    model.eval()
    device = next(model.parameters()).device
    questions = probe.questions()
    recorder = Recorder()
    state, read, carried = None, 0, 0
    rows: list[list[float | None]] = []
    furthest = probe.read_until(max(probe.distances))
    for distance in sorted(probe.distances):
        until = probe.read_until(distance)
        if model.longest is not None and until + questions.inputs.shape[-1] > model.longest:
            rows.append([float(distance), None, 0.0])
            continue
        while read < until:
            # Pieces end at multiples of the piece, and so of any segment that divides it, but for the last before a fork.
            stop = min(until, (read // PIECE + 1) * PIECE)
            tokens = probe.stream(read, stop).to(device)
            state = model(tokens, state, positions=_none(tokens), record=recorder).state
            carried = max(carried, state_bytes(state) // tokens.shape[0])
            read = stop
            progress(read / furthest)
        rows.append([float(distance), *_ask(model, state, questions, device)])
    return Reading(accuracy_by_distance=rows, slots=_slots(recorder), state_bytes=max(carried, recorder.carried_bytes))


def _ask(model: SequenceModel, state: Any, questions: Questions, device: torch.device) -> tuple[float, float]:
    """Ask all questions on forks of the state; return accuracy and number."""
    streams, count, length = questions.inputs.shape
    forks = map_state(lambda tensor: tensor.repeat_interleave(count, dim=0), state)
    last = torch.full((streams * count, 1), length - 1, device=device)
    answers = model(questions.inputs.flatten(0, 1).to(device), forks, positions=last).logits.squeeze(1).argmax(-1)
    right = answers == questions.targets.flatten().to(device)
    return float(right.double().mean()), float(right.numel())


def _none(tokens: Tensor) -> Int[Tensor, "B 0"]:
    return torch.zeros(tokens.shape[0], 0, dtype=torch.int64, device=tokens.device)


def _slots(recorder: Recorder) -> dict[str, JsonValue] | None:
    """Slot statistics of the streams' reading, lifetimes as a survival curve."""
    if not recorder.tokens:
        return None
    ages = [*recorder.ended, *recorder.alive]
    curve = survival(ages, [False] * len(recorder.ended) + [True] * len(recorder.alive))
    lifetimes: dict[str, JsonValue] = {"time": [*curve["time"]], "survival": [*curve["survival"]]}
    return {**recorder.statistics(), "lifetimes": lifetimes}
