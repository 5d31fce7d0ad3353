"""Evaluation on a long-dependency task.

Questions asked on forks of streams, or sheets fed in pieces.

Shapes: ``B`` batch, ``T`` time, ``P`` places where an answer is wanted, ``Q`` questions, ``V``
outputs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import torch
from jaxtyping import Bool, Int
from pydantic import JsonValue
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, check_output, map_state, state_bytes
from memnet.recorder import Recorder
from results.statistics.survival import survival
from strategies.common.checkpoint import Checkpoint
from strategies.sequence.resumable_reader import ResumableReader
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

PIECE = 1024
"""Tokens of an evaluation sequence that are read at a time."""

FAR = 8192
"""Distance up to which all streams are read; beyond it, a task's ``far_streams`` of them."""

COPIES_BYTES = 2**29
"""Most bytes of state that questions are asked on at a time, unless one stream's forks take more."""

S = TypeVar("S")
Rows: TypeAlias = list[list[float | None]]
Judge: TypeAlias = Callable[[Tensor, Tensor], Bool[Tensor, "*places"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """What evaluation found.

    Attributes:
        accuracy_by_distance: Rows of distance, accuracy and number of questions; accuracy is null
            beyond a bounded model's longest.
        groups: The same for questions that are scored apart, by the name of their group.
        slots: Slot statistics, or None for models without slots. Of streams, they cover the reading
            up to `FAR`.
        state_bytes: Peak of what one sequence carries.
    """

    accuracy_by_distance: Rows
    groups: dict[str, Rows] = field(default_factory=dict)
    slots: dict[str, JsonValue] | None
    state_bytes: int


def evaluate_task(
    model: SequenceModel,
    task: SequenceTask,
    count: int,
    drawn: torch.Generator,
    progress: Callable[[float], None],
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Ask in the task's own way.

    Args:
        model: The trained model.
        task: A `QueryTask` or an `WholeSequenceTask`.
        count: Streams, or sequences per distance.
        drawn: Source of the evaluation data.
        progress: Called with the fraction done.
        checkpoint: Where it is noted how far the evaluation has come, which goes on from there if
            it was cut short.

    Raises:
        TypeError: If the task is neither.
    """
    noted = checkpoint or Checkpoint()
    if isinstance(task, QueryTask):
        query_stream = task.query_stream(count, drawn)
        return evaluate_on_copies(
            model,
            query_stream,
            correct=task.correct,
            far_streams=task.far_streams,
            progress=progress,
            checkpoint=noted,
        )
    if isinstance(task, WholeSequenceTask):
        batches = task.evaluation_batches(count, drawn)
        return evaluate_whole_sequences(
            model,
            batches,
            distances=task.distances,
            correct=task.correct,
            progress=progress,
            checkpoint=noted,
        )
    raise TypeError(
        f"{type(task).__name__} can't be asked: make it a QueryTask, asked on forks of streams, or an WholeSequenceTask, asked by sheets"
    )


class _Reader:
    """Feeds pieces of sequences to a model, and measures what it carries and what its slots do.

    Attributes:
        recording: Whether slots are told of. Once some of the sequences are left behind they are
            not: the slots of those would be missing among the slots alive at the end.
    """

    def __init__(self, model: SequenceModel) -> None:
        self.model = model.eval()
        self.device = next(model.parameters()).device
        self.recording = True
        self._recorder = Recorder()
        self._alive: list[int] = []
        self._carried = 0

    def read(
        self, piece: Tensor, state: Any, positions: Int[Tensor, "B P"] | None = None
    ) -> ModelOutput:
        """Read a piece, and answer at the positions, if any."""
        if positions is None:
            positions = torch.zeros(len(piece), 0, dtype=torch.int64)
        record = self._recorder if self.recording else None
        output: ModelOutput = self.model(
            piece.to(self.device), state, positions=positions.to(self.device), record=record
        )
        check_output(output, positions)
        self._carried = max(self._carried, state_bytes(output.state) // len(piece))
        return output

    def end(self) -> None:
        """End these sequences; the slots that are alive now have been seen to their end."""
        self._alive += self._recorder.alive
        self._recorder.alive = []

    def content(self) -> dict[str, Any]:
        """Return what was measured up to now, for a checkpoint."""
        return {
            "recorder": asdict(self._recorder),
            "alive": self._alive,
            "carried": self._carried,
            "recording": self.recording,
        }

    def go_on(self, content: dict[str, Any]) -> None:
        """Go on from what :meth:`content` returned."""
        self._recorder, self._alive = Recorder(**content["recorder"]), content["alive"]
        self._carried, self.recording = content["carried"], content["recording"]

    def form(self, piece: Tensor) -> Any:
        """Return some state of the model; nothing of it is measured."""
        return self.model(
            piece.to(self.device),
            None,
            positions=torch.zeros(len(piece), 0, dtype=torch.int64, device=self.device),
        ).state

    def reading(self, rows: Rows, groups: dict[str, Rows] | None = None) -> EvaluationResult:
        """Put the rows together with what was measured."""
        carried = max(self._carried, self._recorder.carried_bytes)
        return EvaluationResult(
            accuracy_by_distance=rows, groups=groups or {}, slots=self._slots(), state_bytes=carried
        )

    def _slots(self) -> dict[str, JsonValue] | None:
        """Slot statistics of the reading, lifetimes as a survival curve."""
        recorder = self._recorder
        if not recorder.tokens:
            return None
        curve = survival(
            [*recorder.ended, *self._alive],
            [False] * len(recorder.ended) + [True] * len(self._alive),
        )
        lifetimes: dict[str, JsonValue] = {name: [*column] for name, column in curve.items()}
        return {**recorder.statistics(), "lifetimes": lifetimes}


@torch.inference_mode()
def evaluate_on_copies(
    model: SequenceModel,
    query_stream: QueryStream,
    *,
    progress: Callable[[float], None],
    correct: Judge = largest_is_target,
    far_streams: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Read each stream once, fork the state at each distance, and ask all questions there.

    A question is put to a fork, so it leaves no trace in the stream: all distances share one pass,
    whatever their number.

    Args:
        model: The model.
        probe: Streams and questions.
        progress: Called with the fraction read.
        correct: Says which answers are right.
        far_streams: How many streams go on beyond `FAR`: the first ones. All of them if None.
        checkpoint: Where it is noted how far the reading has come; it goes on from there.
    """
    reader, queries = _Reader(model), query_stream.queries()
    count, length = queries.inputs.shape[0], queries.inputs.shape[-1]
    columns = _columns(queries)
    rows: dict[str, Rows] = {name: [] for name in columns}
    stream_reader, furthest = (
        ResumableReader(reader, query_stream, checkpoint or Checkpoint(), rows),
        query_stream.read_until(max(query_stream.distances)),
    )
    for index, distance in enumerate(sorted(query_stream.distances)):
        until = query_stream.read_until(distance)
        if model.longest is not None and until + length > model.longest:
            for found in rows.values():
                found.append([float(distance), None, 0.0])
            continue
        if distance > FAR and far_streams is not None and far_streams < count:
            count, reader.recording = far_streams, False
            stream_reader.state = map_state(
                lambda tensor: tensor[:far_streams], stream_reader.state
            )
        for read in stream_reader.through(_pieces(stream_reader.read, until), count):
            progress(read / furthest)
        here = stream_reader.found(index)
        if here is None:
            right = _answer_queries(reader, stream_reader.state, queries, correct, count)
            answers = {name: right[:, asked] for name, asked in columns.items()}
            here = {
                name: [float(distance), float(its.double().mean()), float(its.numel())]
                for name, its in answers.items()
            }
        for name, row in here.items():
            rows[name].append(row)
    reader.end()
    return reader.reading(rows.pop(""), rows)


@torch.inference_mode()
def evaluate_whole_sequences(
    model: SequenceModel,
    batches: Iterable[EvaluationBatch],
    *,
    distances: Sequence[int],
    progress: Callable[[float], None],
    correct: Judge = largest_is_target,
    checkpoint: Checkpoint | None = None,
) -> EvaluationResult:
    """Feed each sheet in pieces of `PIECE`, the state carried from one to the next, and score the answers by distance.

    Args:
        model: The model.
        sheets: Sheets by rising distance, drawn as they are needed.
        distances: The distances, in rising order.
        progress: Called with the fraction done.
        correct: Says which answers are right.
        checkpoint: Where it is noted how many sheets are done; it goes on from there, and draws
            those again only.
    """
    reader, checkpoint, done = _Reader(model), checkpoint or Checkpoint(), 0
    right, asked = dict.fromkeys(distances, 0), dict.fromkeys(distances, 0)
    if checkpoint.noted:
        done, right, asked = (checkpoint.noted[name] for name in ("done", "right", "asked"))
        reader.go_on(checkpoint.noted["reader"])

    def stand() -> dict[str, Any]:
        return {"done": done, "right": right, "asked": asked, "reader": reader.content()}

    for evaluation in islice(batches, done, None):
        if model.longest is None or evaluation.batch.inputs.shape[1] <= model.longest:
            answers, counted = _mark(reader, evaluation.batch, correct)
            right[evaluation.distance] += int((answers & counted).sum())
            asked[evaluation.distance] += int(counted.sum())
            reader.end()
        done += 1
        checkpoint.note(stand)
        progress((distances.index(evaluation.distance) + 1) / len(distances))
    return reader.reading(
        [[float(d), right[d] / asked[d] if asked[d] else None, float(asked[d])] for d in distances]
    )


def _pieces(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch at multiples of `PIECE`, and so at multiples of any segment that divides it.

    The last piece ends where it must.
    """
    while start < stop:
        end = min(stop, (start // PIECE + 1) * PIECE)
        yield start, end
        start = end


def _answer_queries(
    reader: _Reader, state: Any, queries: Queries, correct: Judge, count: int
) -> Bool[Tensor, "B Q"]:
    """Ask all questions on forks of the first ``count`` streams' state, as many streams at a time as `COPIES_BYTES` holds."""
    number = queries.inputs.shape[1]
    together = max(1, COPIES_BYTES * count // max(1, state_bytes(state) * number))
    answers = []
    for start in range(0, count, together):
        stop = min(start + together, count)
        inputs, targets = (
            queries.inputs[start:stop].to(reader.device),
            queries.targets[start:stop].to(reader.device),
        )
        copies = _copies(state, start, stop, number)
        last = torch.full((len(inputs) * number, 1), inputs.shape[2] - 1, device=reader.device)
        logits = reader.model(inputs.flatten(0, 1), copies, positions=last).logits
        answers.append(correct(logits, targets.flatten().unsqueeze(1)).view(len(inputs), number))
    return torch.cat(answers)


def _copies(state: S, start: int, stop: int, number: int) -> S:
    """Return ``number`` copies of the state of each stream from ``start`` to ``stop``, side by side."""
    return map_state(lambda tensor: tensor[start:stop].repeat_interleave(number, dim=0), state)


def _columns(queries: Queries) -> dict[str, Int[Tensor, " G"]]:
    """Return the questions of each group as indices along ``Q``.

    The empty name stands for those in no group.
    """
    number = queries.targets.shape[1]
    grouped = {int(index) for columns in queries.groups.values() for index in columns}
    rest = torch.tensor(
        [index for index in range(number) if index not in grouped], dtype=torch.int64
    )
    return {"": rest, **queries.groups}


def _mark(
    reader: _Reader, batch: Batch, correct: Judge
) -> tuple[Bool[Tensor, "B P"], Bool[Tensor, "B P"]]:
    """Read sequences piece by piece, and say which answers are right and which count.

    Both in the order in which they were asked.
    """
    counts = (
        torch.ones_like(batch.positions, dtype=torch.bool) if batch.mask is None else batch.mask
    )
    state: Any = None
    right, counted = [], []
    for start, stop in _pieces(0, batch.inputs.shape[1]):
        here = (batch.positions >= start) & (batch.positions < stop)
        # Rows may ask at different numbers of places within this piece: each gives its own first,
        # then as many others, which do not count.
        order = (~here).int().argsort(dim=1, stable=True)[:, : int(here.sum(1).max())]
        within = (batch.positions.gather(1, order) - start).clamp(0, stop - start - 1)
        output = reader.read(batch.inputs[:, start:stop], state, within)
        state = output.state
        right.append(correct(output.logits, batch.targets.gather(1, order).to(reader.device)).cpu())
        counted.append((here & counts).gather(1, order))
    return torch.cat(right, dim=1), torch.cat(counted, dim=1)
