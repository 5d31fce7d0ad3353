"""Training on a long-dependency task, followed by evaluation."""

import math
from collections.abc import Callable

import torch
from pydantic import JsonValue
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from baselines.interface import SequenceModel, Signature, check_output
from results.records.record import Outcome
from results.statistics.metrics import task_metrics
from strategies.common.batch_norm import allow_single_samples
from strategies.common.checkpoint import Checkpoint, Parts
from strategies.common.cost import Stopwatch, measure_cost
from strategies.common.rng import generator
from strategies.common.training_log import TrainingLog, diverged
from strategies.sequence.evaluate import EvaluationResult, evaluate_task
from strategies.sequence.task import SequenceTask

VERSION = 2
"""Version of the loop; raise it if a change here or in `strategies.sequence.evaluate` can alter
results. It is part of the identity of every task's cells.
"""

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises."""

FLOOR = 0.1
"""Share of the peak learning rate at the last step."""

CLIP = 1.0
"""Largest norm of a gradient."""

LOSS_POINTS = 50
"""Points of the training loss in a record."""


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
    checkpoint: Checkpoint | None = None,
    training_log: TrainingLog | None = None,
    on_trained: Callable[[Parts], None] | None = None,
) -> Outcome:
    """Train a model on fresh examples of a task, then evaluate it at each distance.

    `strategies.sequence.task` describes the two kinds of evaluation.

    The model is initialised from the global generator, which the caller seeds. Training data,
    evaluation data and the model's own draws have separate generators, so a seed gives every model
    the same examples and the same queries.

    Args:
        task: The task.
        build_model: Builds the model for the task's signature.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, or sequences per distance.
        learning_rate: Peak learning rate.
        seed: The cell's seed.
        device: Where to train.
        progress: Receives the fraction done, in [0, 1].
        checkpoint: Holds the progress, so that an interrupted cell resumes; none by default.
        training_log: Receives the number of each training step with its loss, learning rate and
            gradient norm.
        on_trained: Receives everything that training changed, at the end of training.
    """
    model = build_model(task.signature).to(device)
    allow_single_samples(model)
    checkpoint = checkpoint or Checkpoint()
    training, evaluation = Stopwatch(), Stopwatch()
    with training:
        losses = train(
            model,
            task,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            progress=lambda fraction: progress(0.8 * fraction),
            checkpoint=checkpoint,
            training_log=training_log,
            on_trained=on_trained,
        )
    training.wall += checkpoint.earlier_seconds[0]
    training.cpu += checkpoint.earlier_seconds[1]
    with evaluation:
        result = evaluate_task(
            model,
            task,
            streams,
            generator("evaluation", seed),
            lambda f: progress(0.8 + 0.2 * f),
            checkpoint,
        )
    return Outcome(
        metrics=result_metrics(result),
        curves={**result_curves(result), "training_loss": [list(row) for row in losses]},
        slots=result.slots,
        cost=measure_cost(
            model,
            state_bytes=result.state_bytes,
            train=training,
            evaluation=evaluation,
            train_examples=steps * batch_size,
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
    checkpoint: Checkpoint | None = None,
    training_log: TrainingLog | None = None,
    on_trained: Callable[[Parts], None] | None = None,
) -> list[tuple[float, float]]:
    """Train with AdamW, a linear warm-up and a cosine decay.

    The procedure is the same for every model. Training that resumes from a checkpoint gives the
    same numbers as uninterrupted training.

    Returns:
        The training loss as ``(step, loss)``, a mean over the steps since the last point.
    """
    device = next(model.parameters()).device
    optimizer, schedule, parts = training_parts(
        model, steps=steps, learning_rate=learning_rate, seed=seed
    )
    examples, model_draws = parts.generators
    checkpoint = checkpoint or Checkpoint()
    counters = checkpoint.resume(parts) or {"done": 0, "points": [], "since": []}
    points: list[tuple[float, float]] = counters["points"]
    since: list[float] = counters["since"]
    model.train()
    for step in range(counters["done"], steps):
        batch = task.sample(batch_size, examples)
        positions, targets = batch.positions.to(device), batch.targets.to(device)
        output = model(
            batch.inputs.to(device), targets=targets, positions=positions, generator=model_draws
        )
        check_output(output, positions)
        counted = slice(None) if batch.mask is None else batch.mask.to(device)
        task_loss = task.loss(output.logits[counted], targets[counted])
        optimizer.zero_grad()
        model.objective(task_loss, output.losses).backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        since.append(float(task_loss.detach()))
        if not math.isfinite(since[-1]):
            raise diverged(f"the loss was {since[-1]} at step {step + 1} of {steps}", learning_rate)
        if training_log is not None:
            training_log(
                step + 1,
                {
                    "loss": since[-1],
                    "learning_rate": float(schedule.get_last_lr()[0]),
                    "gradient_norm": float(norm),
                },
            )
        if (step + 1) * LOSS_POINTS // steps > step * LOSS_POINTS // steps:
            points.append((step + 1.0, sum(since) / len(since)))
            since.clear()
        progress((step + 1) / steps)
        counters = {"done": step + 1, "points": points, "since": since}
        checkpoint.save(parts, counters, final=step + 1 == steps)
    if on_trained is not None:
        on_trained(parts)
    return points


def training_parts(
    model: nn.Module, *, steps: int, learning_rate: float, seed: int
) -> tuple[Optimizer, LambdaLR, Parts]:
    """Return the optimizer, the schedule of its rate, and everything that training changes.

    The generators are those of the training examples and of the model's own draws.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01
    )
    schedule = LambdaLR(optimizer, lambda step: rate_at(step, steps))
    parts = Parts(
        stateful={"model": model, "optimizer": optimizer, "schedule": schedule},
        generators=(generator("examples", seed), generator("model", seed)),
    )
    return optimizer, schedule, parts


def rate_at(step: int, steps: int) -> float:
    """Return the share of the peak rate at a step: linear warm-up, then cosine decay to `FLOOR`."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return FLOOR + (1.0 - FLOOR) * 0.5 * (
        1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm))
    )


def result_metrics(result: EvaluationResult) -> dict[str, float | None]:
    """Return the metrics of the task's own queries, then those of each group with its name."""
    metrics = task_metrics(result.accuracy_by_distance)
    for name, rows in result.groups.items():
        metrics |= task_metrics(rows, group=name)
    return metrics


def result_curves(result: EvaluationResult) -> dict[str, JsonValue]:
    """Return the curves ``accuracy_by_distance`` and ``accuracy_by_distance_{group}``."""
    groups = {f"accuracy_by_distance_{name}": rows for name, rows in result.groups.items()}
    return {
        name: [list(row) for row in rows]
        for name, rows in {"accuracy_by_distance": result.accuracy_by_distance, **groups}.items()
    }
