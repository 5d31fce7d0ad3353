"""Training on a long-dependency task, followed by evaluation."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from baselines.interface import SequenceModel, Signature, check_output, state_bytes
from results.records.record import Outcome
from results.records.record_parts import Learning
from results.records.thinning import log_grid
from strategies.common.batch_norm import allow_single_samples
from strategies.common.checkpoint import Checkpoint, Parts
from strategies.common.cost import Stopwatch, measure_cost
from strategies.common.rng import generator
from strategies.common.training_log import TrainingLog, diverged
from strategies.sequence.convergence import Convergence
from strategies.sequence.evaluate import evaluate_task
from strategies.sequence.evaluation_result import result_curves, result_metrics
from strategies.sequence.learning_rate_schedule import rate_at, warm_up_steps
from strategies.sequence.parameter_groups import parameter_groups
from strategies.sequence.task import SequenceTask
from strategies.sequence.training_counters import Counters
from strategies.sequence.validation import Validations

VERSION = 3
"""Version of the loop; raise it if a change here or in `strategies.sequence.evaluate` can alter
results. It is part of the identity of every task's cells.
"""

CLIP = 1.0
"""Largest norm of a gradient."""

LOSS_POINTS = 50
"""Points of the training loss in a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What a training measured.

    Attributes:
        losses: The training loss as ``(step, loss)``, a mean over the steps since the last point.
        steps: Number of steps.
        state_bytes: Peak size of the state of one training sequence, in bytes.
        learning: The validations.
    """

    losses: list[tuple[float, float]]
    steps: int
    state_bytes: int
    learning: Learning


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
    cap_factor: int | None = None,
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
        steps: Training steps of the protocol *fixed*.
        batch_size: Sequences per step.
        streams: Evaluation streams, or sequences per distance.
        learning_rate: Peak learning rate.
        seed: The cell's seed.
        device: Where to train.
        progress: Receives the fraction done, in [0, 1].
        cap_factor: Trains to convergence with this cap, in units of ``steps``
            (`strategies.sequence.convergence`); None for the protocol *fixed*.
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
        trained = train(
            model,
            task,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            progress=lambda fraction: progress(0.8 * fraction),
            cap_factor=cap_factor,
            watch=training,
            checkpoint=checkpoint,
            training_log=training_log,
            on_trained=on_trained,
        )
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
        curves={**result_curves(result), "training_loss": [list(row) for row in trained.losses]},
        slots=result.slots,
        learning=trained.learning,
        cost=measure_cost(
            model,
            state_bytes=result.state_bytes,
            training_state_bytes=trained.state_bytes,
            train=training,
            evaluation=evaluation,
            train_examples=trained.steps * batch_size,
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
    cap_factor: int | None = None,
    watch: Stopwatch | None = None,
    checkpoint: Checkpoint | None = None,
    training_log: TrainingLog | None = None,
    on_trained: Callable[[Parts], None] | None = None,
) -> Training:
    """Train with AdamW (no weight decay on norms and biases) and a linear warm-up.

    In the protocol *fixed* a cosine decay follows, for a fixed number of steps. With a
    ``cap_factor`` the model is trained to convergence (`strategies.sequence.convergence`).

    The procedure is the same for every model. Training that resumes from a checkpoint gives the
    same numbers as uninterrupted training. The arguments are those of :func:`run_task`; ``watch``
    is the stopwatch that the caller runs, which gets the time of interrupted processes too.
    """
    watch, checkpoint = watch or Stopwatch(), checkpoint or Checkpoint()
    validations, convergence = _validations(task, steps, batch_size, seed, cap_factor)
    optimizer, schedule, parts = training_parts(
        model, steps=steps, learning_rate=learning_rate, seed=seed, convergence=convergence
    )
    saved = Parts(
        stateful={**parts.stateful, "watch": watch, "validations": validations},
        generators=parts.generators,
    )
    counters = Counters(**(checkpoint.resume(saved) or {}))
    if not counters.done:
        with watch.stopped():
            validations.validate(model, 0, watch.cpu)
    model.train()
    while counters.done < validations.last_step:
        loss, norm, size = _step(model, task, batch_size, optimizer, parts.generators)
        done = counters.count(loss, size)
        if not math.isfinite(loss):
            at = f"step {done} of {validations.last_step}"
            raise diverged(f"the loss was {loss} at {at}", learning_rate)
        if validations.due(done):
            with watch.stopped():
                validations.validate(model, done, watch.cpu)
        schedule.step()
        if training_log is not None:
            rate = float(schedule.get_last_lr()[0])
            training_log(done, {"loss": loss, "learning_rate": rate, "gradient_norm": norm})
        if (
            done * LOSS_POINTS // steps > (done - 1) * LOSS_POINTS // steps
            if convergence is None
            else validations.points[-1].step == done
        ):
            counters.add_point()
        progress(done / validations.last_step)
        checkpoint.save(saved, counters.state_dict(), final=done >= validations.last_step)
    if on_trained is not None:
        on_trained(parts)
    return Training(
        losses=[
            counters.points[place] for place in log_grid([step for step, _ in counters.points])
        ],
        steps=counters.done,
        state_bytes=counters.bytes,
        learning=validations.learning(),
    )


def _validations(
    task: SequenceTask, steps: int, batch_size: int, seed: int, cap_factor: int | None
) -> tuple[Validations, Convergence | None]:
    """Return the validations of a training, and the same if they decide when it ends."""
    if cap_factor is None:
        return Validations(task, steps=steps, batch_size=batch_size, seed=seed), None
    convergence = Convergence(
        task,
        steps=steps,
        factor=cap_factor,
        warm_up=warm_up_steps(steps),
        batch_size=batch_size,
        seed=seed,
    )
    return convergence, convergence


def _step(
    model: SequenceModel,
    task: SequenceTask,
    batch_size: int,
    optimizer: Optimizer,
    generators: Sequence[torch.Generator],
) -> tuple[float, float, int]:
    """Make a training step.

    Returns:
        The task's loss, the norm of the gradient before clipping, and the bytes of the state that
        a sequence leaves.
    """
    device = next(model.parameters()).device
    examples, model_draws = generators
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
    return float(task_loss.detach()), float(norm), state_bytes(output.state) // batch_size


def training_parts(
    model: nn.Module,
    *,
    steps: int,
    learning_rate: float,
    seed: int,
    convergence: Convergence | None = None,
) -> tuple[Optimizer, LambdaLR, Parts]:
    """Return the optimizer, the schedule of its rate, and everything that training changes.

    The generators are those of the training examples and of the model's own draws. The schedule is
    that of ``convergence``, or of the protocol *fixed*.
    """
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=learning_rate, betas=(0.9, 0.95))
    schedule = LambdaLR(
        optimizer,
        (lambda step: rate_at(step, steps)) if convergence is None else convergence.rate_at,
    )
    parts = Parts(
        stateful={"model": model, "optimizer": optimizer, "schedule": schedule},
        generators=(generator("examples", seed), generator("model", seed)),
    )
    return optimizer, schedule, parts
