"""Exact streaming for models that read in segments.

The unfinished segment is carried as inputs, and read again with the next piece.

A segment ends where the sequence's length is a multiple of the span, and not where a piece ends, so
the pieces have no effect on the result. The cost is counted: the buffer of an unfinished segment is
part of the state.

Legend: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``S`` span, ``D`` width.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentState:
    """State of a model that reads in segments.

    Attributes:
        memory: State after a segment: a frozen dataclass whose tensors are all batch-first.
        pending: Inputs of the unfinished segment, at most S − 1, padded with zeros.
        count: How many of them there are.
    """

    memory: Any
    pending: Int[Tensor, "B S-1"] | Float[Tensor, "B S-1 F"]
    count: int


class SegmentModel(SequenceModel):
    """A model that reads a sequence in segments of ``span`` steps, with a memory between them.

    A subclass implements :meth:`initial_memory` and :meth:`read`. The result of ``read`` for a step
    must not depend on a later one.

    Args:
        signature: Inputs and outputs.
        width: D.
        span: Steps of a segment S.

    Raises:
        ValueError: If ``span`` is below 1.
    """

    def __init__(self, signature: Signature, width: int, span: int) -> None:
        super().__init__()
        check_positive(span=span)
        self.signature = signature
        self.span = span
        self.encoder = Encoder(signature.vocabulary, signature.features, width)
        self.head = Head(self.encoder, signature.outputs)

    @abstractmethod
    def initial_memory(self, batch: int) -> Any:
        """Return the memory before the first segment."""

    @abstractmethod
    def read(
        self, hidden: Float[Tensor, "B T D"], memory: Any
    ) -> tuple[Float[Tensor, "B T D"], Any]:
        """Read from the start of a segment.

        Args:
            hidden: Encoded steps: any number of whole segments, or less than one.
            memory: Memory after the previous segment.

        Returns:
            Vectors for the head, and the memory after the last segment, which is ignored if the
            segment is incomplete.
        """

    def initial_state(self, batch: int) -> SegmentState:
        """Return the memory before the first segment, and no pending inputs."""
        like, features = next(self.parameters()), self.signature.features
        if features is None:
            pending = torch.zeros(batch, self.span - 1, dtype=torch.int64, device=like.device)
        else:
            pending = like.new_zeros(batch, self.span - 1, features)
        return SegmentState(memory=self.initial_memory(batch), pending=pending, count=0)

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: SegmentState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        inputs = torch.cat([state.pending[:, : state.count], inputs], dim=1)
        count = inputs.shape[1] % self.span
        whole, pending = inputs.split([inputs.shape[1] - count, count], dim=1)
        outputs, memory = [], state.memory
        if whole.shape[1]:
            hidden, memory = self.read(self.encoder(whole), memory)
            outputs.append(hidden)
        if count:
            outputs.append(self.read(self.encoder(pending), memory)[0])
        fresh = torch.cat(outputs, dim=1)[:, state.count :]
        after = SegmentState(memory=memory, pending=self._padded(pending), count=count)
        return ModelOutput(logits=self.head(at_positions(fresh, positions)), state=after)

    def _padded(self, pending: Tensor) -> Tensor:
        """Zeros up to S − 1 steps, so that all states have one size."""
        after_time = (0, 0) * (pending.ndim - 2)
        return functional.pad(pending, (*after_time, 0, self.span - 1 - pending.shape[1]))
