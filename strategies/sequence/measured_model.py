"""A model whose state and slots are measured while it reads sequences.

Shapes: ``B`` batch, ``P`` positions with a target.
"""

from dataclasses import asdict
from typing import Any

import torch
from jaxtyping import Int
from pydantic import JsonValue
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, check_output, state_bytes
from memnet.recorder import Recorder
from results.statistics.survival import survival
from strategies.sequence.evaluation_result import EvaluationResult, Rows


class MeasuredModel:
    """Feeds pieces of sequences to a model, and measures its state and its slots.

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
