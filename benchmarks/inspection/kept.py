"""The inspection of a kept model: of a cell that was run with ``--keep-weights``."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.execution.weights import load_model
from benchmarks.inspection.demonstration import long_batch, stream_samples
from benchmarks.inspection.inspect import inspect
from benchmarks.inspection.inspection import Inspection


def kept_inspection(
    store: Path, cell_id: str, *, plugins: Sequence[Path] = (), data_root: Path | None = None
) -> Inspection:
    """Inspect the model of a cell.

    On a task it reads sequences that no training saw. On a stream the trace of training is gone,
    so slots are shown as they are at the end, next to the most similar training samples.

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
            note="The kept model reads sequences that it was not trained on. Tokens are numbers.",
        )
    return inspect(
        kept.model,
        stream_samples(kept.stream),
        title=label,
        note="The kept model's slots at the end of the stream. Which samples they store is not "
        "kept: the images are the most similar training samples.",
    )
