"""Feeds sequences to a model, and measures its state and its slots: the results of an evaluation.

Shapes: ``B`` batch, ``P`` positions with a target.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import torch
from jaxtyping import Int
from pydantic import JsonValue
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, check_output, state_bytes
from memnet.recorder import Recorder
from results.statistics.survival import survival
from strategies.sequence.forgetting import Dynamics

Rows: TypeAlias = list[list[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """The results of an evaluation.

    Attributes:
        accuracy_by_distance: Rows of distance, accuracy and number of queries; the accuracy is null
            beyond the longest sequence of a bounded model.
        groups: The same for queries that are scored separately, by the name of their group.
        slots: Slot statistics, or None for models without slots. On streams they cover the tokens
            up to `strategies.sequence.evaluate.FAR_DISTANCE`.
        state_bytes: Peak size of the state of one sequence, in bytes.
        dynamics: What is forgotten, for tasks of item streams.
    """

    accuracy_by_distance: Rows
    groups: dict[str, Rows] = field(default_factory=dict)
    slots: dict[str, JsonValue] | None
    state_bytes: int
    dynamics: Dynamics = field(default_factory=Dynamics)


class MeasuringReader:
    """Feeds pieces of sequences to a model; measures its state and its slots.

    Attributes:
        recording: Whether slots are recorded. It ends when streams are dropped: their slots would
            be missing among the slots alive at the end.
    """

    def __init__(self, model: SequenceModel) -> None:
        self.model = model.eval()
        self.device = next(model.parameters()).device
        self.recording = True
        self._recorder = Recorder()
        self._alive: list[int] = []
        self._state_bytes = 0

    def read(
        self,
        piece: Tensor,
        state: Any,
        positions: Int[Tensor, "B P"] | None = None,
        *,
        recorded: bool = True,
    ) -> ModelOutput:
        """Read a piece, and answer at the positions, if any; ``recorded`` is for slots."""
        if positions is None:
            positions = torch.zeros(len(piece), 0, dtype=torch.int64)
        record = self._recorder if self.recording and recorded else None
        output: ModelOutput = self.model(
            piece.to(self.device), state, positions=positions.to(self.device), record=record
        )
        check_output(output, positions)
        self._state_bytes = max(self._state_bytes, state_bytes(output.state) // len(piece))
        return output

    def end_sequences(self) -> None:
        """Count the slots that are alive now as alive at the end of their sequences."""
        self._alive += self._recorder.alive
        self._recorder.alive = []

    def state_dict(self) -> dict[str, Any]:
        """Return the measurements so far."""
        return {
            "recorder": asdict(self._recorder),
            "alive": self._alive,
            "state_bytes": self._state_bytes,
            "recording": self.recording,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._recorder = Recorder(**state_dict["recorder"])
        self._alive = state_dict["alive"]
        self._state_bytes, self.recording = state_dict["state_bytes"], state_dict["recording"]

    def template_state(self, piece: Tensor) -> Any:
        """Return some state of the model, without measuring it."""
        return self.model(
            piece.to(self.device),
            None,
            positions=torch.zeros(len(piece), 0, dtype=torch.int64, device=self.device),
        ).state

    def result(self, rows: Rows, groups: dict[str, Rows] | None = None) -> EvaluationResult:
        """Combine the rows with the measurements."""
        return EvaluationResult(
            accuracy_by_distance=rows,
            groups=groups or {},
            slots=self._slots(),
            state_bytes=max(self._state_bytes, self._recorder.carried_bytes),
        )

    def _slots(self) -> dict[str, JsonValue] | None:
        """Return slot statistics, with lifetimes as a survival curve."""
        recorder = self._recorder
        if not recorder.tokens:
            return None
        curve = survival(
            [*recorder.ended, *self._alive],
            [False] * len(recorder.ended) + [True] * len(self._alive),
        )
        return {**recorder.statistics(), "lifetimes": curve}
