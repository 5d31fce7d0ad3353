"""Reading of long streams in pieces, resumable from a checkpoint.

A model of segments (``streaming = "segment"``) is exact only at multiples of its segment. The
reader therefore feeds it whole segments. Tokens of an unfinished segment wait until the segment is
complete; a query in between reads them on a copy of the state.

Shapes: ``B`` batch, ``T`` time.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from baselines.interface import ModelOutput, map_state
from strategies.common.checkpoint import Checkpoint
from strategies.common.state_tensors import flatten_state, unflatten_state
from strategies.sequence.task import QueryStream

Row = list[float | None]


class PieceReader(Protocol):
    """Feeds pieces to a model and measures it."""

    def read(self, piece: Tensor, state: Any, *, recorded: bool = True) -> ModelOutput:
        """Read a piece."""

    def template_state(self, piece: Tensor) -> Any:
        """Return some state of the model, without measuring it."""

    def state_dict(self) -> dict[str, Any]:
        """Return the measurements so far."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""


class StreamReader:
    """Reads the streams of a `QueryStream` and saves its progress.

    To resume, it draws the streams again from the beginning, in the same pieces, because their
    generator starts there. It does not feed them to the model again: the state is restored from the
    checkpoint.

    Args:
        reader: Feeds the pieces to the model.
        query_stream: The streams.
        checkpoint: Holds the progress of an earlier process, and receives that of this one.
        rows: Results so far, by group; they are saved too.
        segment: The model's segment; 1 for models that are exact anywhere.

    Attributes:
        drawn: Number of tokens drawn.
    """

    def __init__(
        self,
        reader: PieceReader,
        query_stream: QueryStream,
        checkpoint: Checkpoint,
        rows: Mapping[str, list[Row]],
        segment: int = 1,
    ) -> None:
        self.drawn = 0
        self._reader = reader
        self._query_stream = query_stream
        self._checkpoint = checkpoint
        self._rows = rows
        self._segment = segment
        self._streams: int | None = None
        self._state: Any = None
        self._pending: Tensor | None = None
        self._saved: dict[str, Any] = checkpoint.evaluation or {"drawn": 0, "rows": {}}
        self._leaves: int | None = None

    def advance(self, pieces: Iterable[tuple[int, int]]) -> Iterator[int]:
        """Read pieces of the streams; yield the number of tokens drawn so far."""
        for start, stop in pieces:
            piece, self.drawn = self._query_stream.stream(start, stop)[: self._streams], stop
            complete = self._complete(piece)
            if stop < self._saved["drawn"]:
                continue
            if stop == self._saved["drawn"]:
                if self._saved["leaves"] is not None:
                    template = self._reader.template_state(piece)
                    self._state = unflatten_state(template, self._saved["leaves"])
                self._reader.load_state_dict(self._saved["reader"])
            elif complete.shape[1]:
                self._state = self._reader.read(complete, self._state).state
            self._save()
            yield stop

    def keep_first(self, count: int) -> None:
        """Drop all but the first ``count`` streams."""
        self._streams = count
        self._state = map_state(lambda tensor: tensor[:count], self._state)
        if self._pending is not None:
            self._pending = self._pending[:count]

    def state(self) -> Any:
        """Return the state after all drawn tokens; the reader itself does not advance."""
        if self._pending is None or not self._pending.shape[1]:
            return self._state
        return self._reader.read(self._pending, self._state, recorded=False).state

    def saved_rows(self, index: int) -> dict[str, Row] | None:
        """Return a distance's rows from the checkpoint, by group; None if it has none."""
        rows: dict[str, list[Row]] = self._saved["rows"]
        if not rows or any(index >= len(group) for group in rows.values()):
            return None
        return {name: group[index] for name, group in rows.items()}

    def _complete(self, piece: Tensor) -> Tensor:
        """Return the tokens up to the end of the last complete segment; the rest waits."""
        if self._segment == 1:
            return piece
        tokens = piece if self._pending is None else torch.cat((self._pending, piece), dim=1)
        whole = tokens.shape[1] // self._segment * self._segment
        self._pending = tokens[:, whole:]
        return tokens[:, :whole]

    def _save(self) -> None:
        """Save the progress.

        A model whose state changes its structure is skipped: such a state could not be restored.
        """
        leaves = None if self._state is None else flatten_state(self._state)
        if leaves is not None:
            self._leaves = self._leaves or len(leaves)
        if leaves is None or len(leaves) == self._leaves:
            self._checkpoint.save_evaluation(
                lambda: {
                    "drawn": self.drawn,
                    "rows": dict(self._rows),
                    "leaves": leaves,
                    "reader": self._reader.state_dict(),
                }
            )
