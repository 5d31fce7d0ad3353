"""Reading of long streams in pieces, resumable from a checkpoint.

Shapes: ``B`` batch, ``T`` time.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from torch import Tensor

from baselines.interface import ModelOutput
from strategies.common.checkpoint import Checkpoint
from strategies.common.state_tensors import flatten_state, unflatten_state
from strategies.sequence.task import QueryStream

Row = list[float | None]


class PieceReader(Protocol):
    """Feeds pieces to a model and measures it."""

    def read(self, piece: Tensor, state: Any) -> ModelOutput:
        """Read a piece."""

    def template_state(self, piece: Tensor) -> Any:
        """Return some state of the model, without measuring it."""

    def state_dict(self) -> dict[str, Any]:
        """Return the measurements so far."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""


class ResumableReader:
    """Reads the streams of a `QueryStream` and saves its progress.

    To resume, it draws the streams again from the beginning, in the same pieces, because their
    generator starts there. It does not feed them to the model again: the state is restored
    from the checkpoint.

    Args:
        reader: Feeds the pieces to the model.
        query_stream: The streams.
        checkpoint: Holds the progress of an earlier process, and receives that of this one.
        rows: Results so far, by group; they are saved too.

    Attributes:
        state: The model's state after the tokens read so far.
        read: Number of tokens drawn.
    """

    def __init__(
        self,
        reader: PieceReader,
        query_stream: QueryStream,
        checkpoint: Checkpoint,
        rows: Mapping[str, list[Row]],
    ) -> None:
        self.state: Any = None
        self.read = 0
        self._reader = reader
        self._query_stream = query_stream
        self._checkpoint = checkpoint
        self._rows = rows
        self._saved: dict[str, Any] = checkpoint.evaluation or {"read": 0, "rows": {}}
        self._leaves: int | None = None

    def advance(self, pieces: Iterable[tuple[int, int]], count: int) -> Iterator[int]:
        """Read pieces of the first ``count`` streams; yield the number of tokens read so far."""
        for start, stop in pieces:
            piece, self.read = self._query_stream.stream(start, stop)[:count], stop
            if stop < self._saved["read"]:
                continue
            if stop == self._saved["read"]:
                template = self._reader.template_state(piece)
                self.state = unflatten_state(template, self._saved["leaves"])
                self._reader.load_state_dict(self._saved["reader"])
            else:
                self.state = self._reader.read(piece, self.state).state
            self._save()
            yield stop

    def saved_rows(self, index: int) -> dict[str, Row] | None:
        """Return a distance's rows from the checkpoint, by group; None if it has none."""
        rows: dict[str, list[Row]] = self._saved["rows"]
        if not rows or any(index >= len(group) for group in rows.values()):
            return None
        return {name: group[index] for name, group in rows.items()}

    def _save(self) -> None:
        """Save the progress.

        A model whose state changes its structure is skipped: such a state could not be restored.
        """
        leaves = len(flatten_state(self.state))
        self._leaves = self._leaves or leaves
        if leaves == self._leaves:
            self._checkpoint.save_evaluation(
                lambda: {
                    "read": self.read,
                    "rows": dict(self._rows),
                    "leaves": flatten_state(self.state),
                    "reader": self._reader.state_dict(),
                }
            )
