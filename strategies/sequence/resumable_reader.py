"""The reading of long streams, which goes on from where it was cut short.

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


class Reads(Protocol):
    """Feeds pieces to a model and measures what it does."""

    def read(self, piece: Tensor, state: Any) -> ModelOutput:
        """Read a piece."""

    def form(self, piece: Tensor) -> Any:
        """Return some state of the model; nothing of it is measured."""

    def content(self) -> dict[str, Any]:
        """Return what was measured up to now."""

    def go_on(self, content: dict[str, Any]) -> None:
        """Go on from what :meth:`content` returned."""


class ResumableReader:
    """Where the reading of a probe's streams stands.

    To go on, the streams are drawn from their beginning again, in the same pieces, since their
    generator stands at its beginning too. What had been read is not read again: the state that it
    left is taken from the checkpoint.

    Args:
        reader: Reads the pieces.
        probe: The streams.
        checkpoint: Where it is noted how far the reading has come, and was.
        rows: What has been found up to now, by group; it is noted too.

    Attributes:
        state: The model's, after what has been read.
        read: Tokens drawn.
    """

    def __init__(
        self,
        reader: Reads,
        query_stream: QueryStream,
        checkpoint: Checkpoint,
        rows: Mapping[str, list[Row]],
    ) -> None:
        self.state: Any = None
        self.read = 0
        self._reader = reader
        self._probe = query_stream
        self._checkpoint = checkpoint
        self._rows = rows
        self._earlier: dict[str, Any] = checkpoint.noted or {"read": 0, "rows": {}}
        self._form: int | None = None

    def through(self, pieces: Iterable[tuple[int, int]], count: int) -> Iterator[int]:
        """Read pieces of the first ``count`` streams, and yield how many tokens have been read after each."""
        for start, stop in pieces:
            piece, self.read = self._probe.stream(start, stop)[:count], stop
            if stop < self._earlier["read"]:
                continue
            if stop == self._earlier["read"]:
                self.state = unflatten_state(self._reader.form(piece), self._earlier["leaves"])
                self._reader.go_on(self._earlier["reader"])
            else:
                self.state = self._reader.read(piece, self.state).state
            self._note()
            yield stop

    def found(self, index: int) -> dict[str, Row] | None:
        """Return what had been found at a distance before, by group; None where nothing was."""
        rows: dict[str, list[Row]] = self._earlier["rows"]
        if not rows or any(index >= len(group) for group in rows.values()):
            return None
        return {name: group[index] for name, group in rows.items()}

    def _note(self) -> None:
        """Note where the reading stands.

        Not for a model whose state changes its form, for it could not be filled in again.
        """
        form = len(flatten_state(self.state))
        self._form = self._form or form
        if form == self._form:
            self._checkpoint.note(
                lambda: {
                    "read": self.read,
                    "rows": dict(self._rows),
                    "leaves": flatten_state(self.state),
                    "reader": self._reader.content(),
                }
            )
