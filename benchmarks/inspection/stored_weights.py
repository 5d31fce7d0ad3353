"""The inspection of a stored model: of a cell that was run with ``--keep-weights``."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.execution.weights import TrainedModel, load_model, untrained
from benchmarks.inspection.demonstration import (
    NO_WEIGHTS,
    learn_traced,
    long_batch,
    stream_samples,
)
from benchmarks.inspection.inspect import inspect
from benchmarks.inspection.inspection import Inspection
from memnet.model import MemNet
from memnet.persistent.complementary import ComplementaryMemory
from reports.analysis.slugs import slug
from reports.output.inspection import InspectionPart
from results.errors import UsageError
from results.store.store import Store

SAMPLES = 32
"""Samples that a sequence model reads on a stream."""


def stored_parts(store: Store, *, plugins: Sequence[Path] = ()) -> dict[str, InspectionPart]:
    """Return what is inside the memory of each model that has one, by the model's name.

    It is that of the first cell with weights, in the order of benchmarks and seeds.
    """
    kept = [record for record in store if record.weights is not None]
    parts: dict[str, InspectionPart] = {}
    for record in sorted(kept, key=lambda one: (one.cell.benchmark, one.cell.seed, one.id)):
        name = record.cell.model
        if name in parts or not store.weights_path(record.id).is_file():
            continue
        with suppress(UsageError):  # a model without a memory, or of another version
            found = inspect_cell(store.root, record.id, plugins=plugins)
            parts[name] = found.part(f"inspection-{slug(name)}")
    return parts


def inspect_cell(
    store: Path, cell_id: str, *, plugins: Sequence[Path] = (), data_root: Path | None = None
) -> Inspection:
    """Inspect the model of a cell.

    On a task it reads sequences that no training saw. A memory without weights
    learns its stream again, with a trace. The trace of a learned encoder's training is gone, so
    slots are shown as at the end, next to the most similar training samples.

    Raises:
        UsageError: If the cell has no weights, or its model has no memory.
    """
    kept = load_model(store, cell_id, plugins=plugins, data_root=data_root)
    label = kept.cell.label
    if kept.task is not None:
        batch = long_batch(kept.task, kept.cell.seed)
        return inspect(
            kept.model,
            batch.inputs,
            positions=batch.positions,
            targets=batch.targets,
            title=label,
            note="The model reads sequences that it was not trained on. Tokens are numbers.",
        )
    samples = stream_samples(kept.stream)
    if isinstance(kept.model, MemNet):
        return inspect(kept.model, samples[:SAMPLES], title=label)
    if isinstance(kept.model, ComplementaryMemory):
        return _learned_again(kept, samples, plugins, data_root)
    return inspect(
        kept.model,
        samples,
        title=label,
        note="The model's slots at the end of the stream. Which samples they store is not "
        "recorded: the images are the most similar training samples.",
    )


def _learned_again(
    kept: TrainedModel, samples: Tensor, plugins: Sequence[Path], data_root: Path | None
) -> Inspection:
    """Inspect a memory without weights: it learns its stream again, which takes seconds."""
    with torch.random.fork_rng(devices=[]):
        strategy, stream = untrained(kept.cell, plugins=plugins, data_root=data_root)
        learn_traced(strategy, stream, lambda fraction: None)
    again, state = strategy.model.state_dict(), kept.model.state_dict()
    same = all(torch.equal(again[name], tensor) for name, tensor in state.items())
    return inspect(
        strategy.model,
        samples,
        title=kept.cell.label,
        note="The memory learned its stream a second time, to record what it does; the result is "
        f"{'the same, bit for bit' if same else 'not exactly the same'}. "
        f"{NO_WEIGHTS}",
    )
