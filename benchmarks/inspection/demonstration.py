"""The inspections without a stored model: three small memories, trained in half a minute.

A MemNet learns to follow chains of two links (the task `association`), and then reads sequences
with fewer slots than there are items. Two persistent memories learn the stream `split-digits`: the
default one, of statistics and slots, and the one around a learned encoder.
"""

import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from baselines.models import memnet as memnet_entry
from baselines.models import mlp
from benchmarks.inspection.inspect import inspect
from benchmarks.inspection.inspection import Inspection
from benchmarks.streams import split_digits
from benchmarks.tasks import association
from memnet.persistent.trace import StreamTrace
from strategies.common.rng import generator
from strategies.continual.methods import memnet as memnet_method
from strategies.continual.replay.rehearsal import samples_of_dataset
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream
from strategies.continual.train import build_strategy
from strategies.sequence.task import Batch, SequenceTask
from strategies.sequence.train import train

DEMONSTRATION_SEED = 3100
"""Seed of both demonstrations; no benchmark reports it."""
TASK = association.Config(entities=26, noise=26, chains=3, steps=150, batch_size=16)
MODEL = memnet_entry.Config(slots=64, dream_every=32)
FEW_SLOTS = 12
"""Slots per head when the trained model is inspected: fewer than there are items."""
RATE = 0.006
DEMONSTRATION_STREAM = split_digits.Config(epochs=3)
STREAM_SLOTS = 40
DRAWN_SEQUENCES, MIN_LENGTH = 24, 128
"""Sequences read by the trained model, and their least length: parts are read one after another."""

NO_WEIGHTS = (
    "It has no hallucination head, since its codes are decoded without weights, and no graph: a "
    "slot has one link, to its class."
)
"""What the default memory has not."""

Progress = Callable[[float], None]


def sequence_demonstration(progress: Progress) -> Inspection:
    """Train a small MemNet on chains of two links, and inspect it."""
    task = association.build(TASK)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(DEMONSTRATION_SEED)
        model = memnet_entry.build(MODEL, task.signature)
        train(
            model,
            task,
            steps=TASK.steps,
            batch_size=TASK.batch_size,
            learning_rate=RATE,
            seed=DEMONSTRATION_SEED,
            progress=progress,
        )
        inspected = memnet_entry.build(replace(MODEL, slots=FEW_SLOTS), task.signature)
    inspected.load_state_dict(model.state_dict())
    batch = long_batch(task, DEMONSTRATION_SEED)
    entities, noise = TASK.entities, TASK.noise
    names = dict(enumerate(string.ascii_uppercase[:entities]))
    names |= dict.fromkeys(range(entities, entities + noise), "·")
    names |= {entities + noise + hops: f"?{hops + 1}" for hops in range(task.config.hops)}
    return inspect(
        inspected,
        batch.inputs,
        positions=batch.positions,
        targets=batch.targets,
        names=names,
        title=f"Chains of two links, with {FEW_SLOTS} slots per head",
        note=f"A MemNet, trained for {TASK.steps} steps on the task association. A sequence holds "
        "pairs of letters in noise (·), such as A B and B C. The query ?1 A asks for B, and ?2 A "
        f"for C, which no pair contains together with A. Training has {MODEL.slots} slots per "
        f"head. Here the model reads two such sequences in a row with {FEW_SLOTS} slots, fewer "
        "than there are pairs, so it must give some up.",
    )


def stream_demonstration(progress: Progress) -> Inspection:
    """Train the default persistent memory on five experiences of two digits, and inspect it."""
    return _stream_demonstration(
        "fixed",
        f"Split Digits: statistics, and {STREAM_SLOTS} slots",
        "The default memory of streams: statistics of all samples, and slots of those that "
        f"surprise the statistics. It learned five experiences of two digits each. {NO_WEIGHTS}",
        progress,
    )


def learned_demonstration(progress: Progress) -> Inspection:
    """Train a persistent memory with a learned encoder on the same stream, and inspect it."""
    return _stream_demonstration(
        "learned",
        f"Split Digits: a learned encoder, and {STREAM_SLOTS} slots",
        "The memory of streams with a learned encoder, trained on five experiences of two digits "
        "each. It stores codes of a few samples in slots, and rehearses what it rebuilds from "
        "them. A slot has one link, to its class, so there is no graph to draw.",
        progress,
    )


def _stream_demonstration(
    encoder: Literal["fixed", "learned"], title: str, note: str, progress: Progress
) -> Inspection:
    stream = split_digits.build(DEMONSTRATION_STREAM, seed=DEMONSTRATION_SEED, data_root=Path())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(DEMONSTRATION_SEED)
        _, strategy = build_strategy(
            stream,
            lambda signature: mlp.build(mlp.Config(), signature),
            memnet_method,
            method_config=memnet_method.Config(encoder=encoder, slots=STREAM_SLOTS),
            learning_rate=0.003,
            seed=DEMONSTRATION_SEED,
            device=torch.device("cpu"),
            total_budget=0,
        )
        memory: Any = strategy.model
        learn_traced(strategy, stream, progress)
    return inspect(memory, stream_samples(stream), title=title, note=note)


def learn_traced(strategy: ContinualStrategy, stream: Stream, progress: Progress) -> None:
    """Train a strategy's memory on a stream, and record what it does."""
    strategy.model.trace = StreamTrace()
    experiences = [experience for experience, _ in stream.experiences()]
    for done, experience in enumerate(experiences, start=1):
        strategy.train(experience, eval_streams=[])
        progress(done / len(experiences))


def long_batch(task: SequenceTask, seed: int) -> Batch:
    """Return sequences of at least `MIN_LENGTH` tokens: training sequences, joined.

    A position that does not count has the target −1.
    """
    draws = generator("inspection", seed)
    parts = [task.sample(DRAWN_SEQUENCES, draws)]
    while sum(part.inputs.shape[1] for part in parts) < MIN_LENGTH:
        parts.append(task.sample(DRAWN_SEQUENCES, draws))
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + part.inputs.shape[1])
    return Batch(
        inputs=torch.cat([part.inputs for part in parts], dim=1),
        positions=torch.cat(
            [part.positions + start for part, start in zip(parts, starts, strict=False)], dim=1
        ),
        targets=torch.cat([_counted(part) for part in parts], dim=1),
    )


def _counted(part: Batch) -> Tensor:
    return part.targets if part.mask is None else part.targets.masked_fill(~part.mask, -1)


def stream_samples(stream: Any) -> Tensor:
    """Return all training samples of a stream in their order."""
    parts = [samples_of_dataset(one.dataset)[0] for one in stream.benchmark.train_stream]
    return torch.cat(parts)
