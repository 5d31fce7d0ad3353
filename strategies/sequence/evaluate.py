"""Evaluation on a long-dependency task: queries on copies of a stream's state, or whole sequences.

Shapes: ``B`` batch, ``T`` time, ``P`` positions with a target, ``Q`` queries, ``V`` outputs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from baselines.interface import SequenceModel, map_state, state_bytes
from strategies.common.checkpoint import Checkpoint
from strategies.sequence.evaluation_result import EvaluationResult, Rows
from strategies.sequence.forgetting import forgetting_dynamics
from strategies.sequence.item_streams import ItemTask
from strategies.sequence.measured_model import MeasuredModel
from strategies.sequence.stream_reader import StreamReader
from strategies.sequence.task import (
    Batch,
    EvaluationBatch,
    Queries,
    QueryStream,
    QueryTask,
    SequenceTask,
    WholeSequenceTask,
    largest_is_target,
)

EVALUATION_PIECE = 1024
"""Tokens of an evaluation sequence that are read at a time."""

FAR_DISTANCE = 8192
"""Distance up to which all streams are read; beyond it, a task's ``far_streams`` of them."""

COPIES_BYTES = 2**29
"""Most bytes of copied states at a time, unless the copies of one stream take more."""

S = TypeVar("S")
Correct: TypeAlias = Callable[[Tensor, Tensor], Bool[Tensor, "*places"]]


def evaluate_task(
    model: SequenceModel,
    task: SequenceTask,
    count: int,
    draws: torch.Generator,
    progress: Callable[[float], None],
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Evaluate a model in the way that the task defines.

    Args:
        model: The trained model.
        task: A `QueryTask` or a `WholeSequenceTask`.
        count: Number of streams, or of sequences per distance.
        draws: Source of the evaluation data.
        progress: Receives the fraction done.
        checkpoint: Holds the progress, so that an interrupted evaluation resumes.

    Raises:
        TypeError: If the task is neither.
    """
    checkpoint = checkpoint or Checkpoint()
    if isinstance(task, QueryTask):
        return evaluate_on_copies(
            model,
            task.query_stream(count, draws),
            correct=task.correct,
            far_streams=task.far_streams,
            progress=progress,
            checkpoint=checkpoint,
        )
    if isinstance(task, WholeSequenceTask):
        result = evaluate_whole_sequences(
            model,
            task.evaluation_batches(count, draws),
            distances=task.distances,
            correct=task.correct,
            progress=progress,
            checkpoint=checkpoint,
        )
        if isinstance(task, ItemTask):
            dynamics = forgetting_dynamics(model, task, count, draws, progress)
            result = replace(result, dynamics=dynamics)
        return result
    raise TypeError(
        f"{type(task).__name__} can't be evaluated: make it a QueryTask, with queries on copies "
        "of a stream's state, or a WholeSequenceTask, with evaluation batches"
    )


@torch.inference_mode()
def evaluate_on_copies(
    model: SequenceModel,
    query_stream: QueryStream,
    *,
    progress: Callable[[float], None],
    correct: Correct = largest_is_target,
    far_streams: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Read each stream once, and answer all queries on copies of its state at each distance.

    A copy reads the query, so the stream's own state does not change: one pass serves all
    distances. A model of segments reads its stream in whole segments; at a distance within one, a
    copy of the state reads the rest up to the distance, so other distances have no effect.

    Args:
        model: The model.
        query_stream: Streams and queries.
        progress: Receives the fraction read.
        correct: Returns which answers are correct.
        far_streams: Number of streams read beyond `FAR_DISTANCE`, the first ones; None for all.
        checkpoint: Holds the progress, so that an interrupted evaluation resumes.
    """
    reader, queries = MeasuredModel(model), query_stream.queries()
    count, length = queries.inputs.shape[0], queries.inputs.shape[-1]
    columns = _columns(queries)
    rows: dict[str, Rows] = {name: [] for name in columns}
    streams = StreamReader(reader, query_stream, checkpoint or Checkpoint(), rows, model.segment)
    furthest = query_stream.read_until(max(query_stream.distances))
    for index, distance in enumerate(sorted(query_stream.distances)):
        until = query_stream.read_until(distance)
        if model.longest is not None and until + length > model.longest:
            for group in rows.values():
                group.append([float(distance), None, 0.0])
            continue
        if distance > FAR_DISTANCE and far_streams is not None and far_streams < count:
            count, reader.recording = far_streams, False
            streams.keep_first(count)
        for drawn in streams.advance(_pieces(streams.drawn, until, EVALUATION_PIECE)):
            progress(drawn / furthest)
        new_rows = streams.saved_rows(index)
        if new_rows is None:
            is_correct = _answer_queries(reader, streams.state(), queries, correct, count)
            new_rows = {
                name: _accuracy_row(distance, is_correct[:, chosen])
                for name, chosen in columns.items()
            }
        for name, row in new_rows.items():
            rows[name].append(row)
    reader.end_sequences()
    return reader.result(rows.pop(""), rows)


@torch.inference_mode()
def evaluate_whole_sequences(
    model: SequenceModel,
    batches: Iterable[EvaluationBatch],
    *,
    distances: Sequence[int],
    progress: Callable[[float], None],
    correct: Correct = largest_is_target,
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Feed each batch in pieces, carrying the state, and score answers by distance.

    A piece has the largest number of whole segments of the model up to `EVALUATION_PIECE` tokens.

    Args:
        model: The model.
        batches: Evaluation batches in rising order of distance, drawn on demand.
        distances: The distances, in rising order.
        progress: Receives the fraction done.
        correct: Returns which answers are correct.
        checkpoint: Holds the number of finished batches; an interrupted evaluation draws these
            again, and does not feed them to the model again.
    """
    reader, checkpoint, done = MeasuredModel(model), checkpoint or Checkpoint(), 0
    correct_counts, query_counts = dict.fromkeys(distances, 0), dict.fromkeys(distances, 0)
    if saved := checkpoint.evaluation:
        done, correct_counts, query_counts = saved["done"], saved["correct"], saved["queries"]
        reader.load_state_dict(saved["reader"])

    def state_dict() -> dict[str, Any]:
        counts = {"done": done, "correct": correct_counts, "queries": query_counts}
        return {**counts, "reader": reader.state_dict()}

    for evaluation in islice(batches, done, None):
        if model.longest is None or evaluation.batch.inputs.shape[1] <= model.longest:
            is_correct, counted = _answer_batch(reader, evaluation.batch, correct)
            correct_counts[evaluation.distance] += int((is_correct & counted).sum())
            query_counts[evaluation.distance] += int(counted.sum())
            reader.end_sequences()
        done += 1
        checkpoint.save_evaluation(state_dict)
        progress((distances.index(evaluation.distance) + 1) / len(distances))
    return reader.result(
        [
            [float(d), correct_counts[d] / n if n else None, float(n)]
            for d, n in query_counts.items()
        ]
    )


def _accuracy_row(distance: int, is_correct: Bool[Tensor, "B Q"]) -> list[float | None]:
    """Return distance, accuracy and number of queries."""
    return [float(distance), float(is_correct.double().mean()), float(is_correct.numel())]


def _pieces(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a range at multiples of ``size``; the last piece ends at ``stop``."""
    while start < stop:
        end = min(stop, (start // size + 1) * size)
        yield start, end
        start = end


def _answer_queries(
    reader: MeasuredModel, state: Any, queries: Queries, correct: Correct, count: int
) -> Bool[Tensor, "B Q"]:
    """Answer all queries on copies of the first ``count`` streams' state.

    As many streams are copied at a time as `COPIES_BYTES` allows.
    """
    number = queries.inputs.shape[1]
    together = max(1, COPIES_BYTES * count // max(1, state_bytes(state) * number))
    answers = []
    for start in range(0, count, together):
        stop = min(start + together, count)
        inputs = queries.inputs[start:stop].to(reader.device)
        targets = queries.targets[start:stop].to(reader.device)
        copies = _copies(state, start, stop, number)
        last = torch.full((len(inputs) * number, 1), inputs.shape[2] - 1, device=reader.device)
        logits = reader.model(inputs.flatten(0, 1), copies, positions=last).logits
        answers.append(correct(logits, targets.flatten().unsqueeze(1)).view(len(inputs), number))
    return torch.cat(answers)


def _copies(state: S, start: int, stop: int, number: int) -> S:
    """Return ``number`` adjacent copies of the state of each stream from ``start`` to ``stop``."""
    return map_state(lambda tensor: tensor[start:stop].repeat_interleave(number, dim=0), state)


def _columns(queries: Queries) -> dict[str, Int[Tensor, " G"]]:
    """Return the queries of each group as indices along ``Q``; "" names those in no group."""
    number = queries.targets.shape[1]
    grouped = {int(index) for columns in queries.groups.values() for index in columns}
    rest = torch.tensor(
        [index for index in range(number) if index not in grouped], dtype=torch.int64
    )
    return {"": rest, **queries.groups}


def _answer_batch(
    reader: MeasuredModel, batch: Batch, correct: Correct
) -> tuple[Bool[Tensor, "B P"], Bool[Tensor, "B P"]]:
    """Read sequences piece by piece; return which answers are correct, and which count.

    Both have the order in which the answers were given, which may differ from that of the batch,
    and padding that does not count.
    """
    mask = torch.ones_like(batch.positions, dtype=torch.bool) if batch.mask is None else batch.mask
    segment = reader.model.segment
    size = max(EVALUATION_PIECE // segment, 1) * segment
    state: Any = None
    is_correct, counted = [], []
    for start, stop in _pieces(0, batch.inputs.shape[1], size):
        inside = (batch.positions >= start) & (batch.positions < stop)
        # Rows may have different numbers of positions in this piece. Each row gives its own first,
        # then others up to the largest number, which do not count.
        order = (~inside).int().argsort(dim=1, stable=True)[:, : int(inside.sum(1).max())]
        positions = (batch.positions.gather(1, order) - start).clamp(0, stop - start - 1)
        output = reader.read(batch.inputs[:, start:stop], state, positions)
        state = output.state
        targets = batch.targets.gather(1, order).to(reader.device)
        is_correct.append(correct(output.logits, targets).cpu())
        counted.append((inside & mask).gather(1, order))
    return torch.cat(is_correct, dim=1), torch.cat(counted, dim=1)
