"""The interface that every model implements: state in, state out.

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``V`` output classes.

A model's file holds a frozen dataclass ``Config`` with literal defaults and a function
``build(config, signature) -> SequenceModel``; the contract tests then run on it automatically.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.output import ModelOutput

__all__ = [
    "ModelOutput",
    "SequenceModel",
    "Signature",
    "Streaming",
    "check_output",
    "check_positive",
    "map_state",
    "require_output",
    "state_bytes",
]

Streaming = Literal["exact", "segment", "bounded"]
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Inputs and outputs of a benchmark.

    Attributes:
        vocabulary: Number of token types, or None if the inputs are features.
        features: Features per time step, or None if the inputs are tokens.
        outputs: Number of classes ``V``. Equal to ``vocabulary`` if the targets are tokens.
        length: Training length in time steps.
    """

    vocabulary: int | None = None
    features: int | None = None
    outputs: int
    length: int


class SequenceModel(nn.Module, ABC):
    """A model over sequences that streams.

    A long sequence is fed in pieces, and each piece gets the state of the previous one.

    Attributes:
        streaming: *exact*: a sequence fed whole or in pieces gives the same logits; *segment*:
            exact at multiples of ``segment``; *bounded*: no longer than ``longest`` steps.
        segment: Length of a segment, 1 for exact models.
        longest: Longest sequence, or None.
        transient_attributes: Names of plain attributes that training changes and the model computes
            again, such as a cache. All other state that training changes is in ``state_dict()``,
            else interrupted cells start again from step 0.
        regenerated_parameters: Names of parameters that the seed alone determines, because training
            never changes them. Their bytes do not count in the total bytes of a cell.

    A module within it can name its own parameters that have no weight decay in
    ``undecayed_parameters``; vectors never have one (:mod:`strategies.sequence.parameter_groups`).
    """

    streaming: Streaming = "exact"
    segment: int = 1
    longest: int | None = None
    transient_attributes: tuple[str, ...] = ()
    regenerated_parameters: tuple[str, ...] = ()

    @abstractmethod
    def initial_state(self, batch: int) -> Any:
        """Return the state before the first step.

        It is a frozen dataclass whose tensors are all batch-first.
        """

    @abstractmethod
    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: Any = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: Any = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """Read a piece of a sequence.

        Args:
            inputs: Tokens or features.
            state: State after the previous piece, or None for the first piece.
            targets: Labels, for models that learn from them within the pass; most ignore them.
            positions: Query positions in this piece; all positions if None.
            record: A recorder that receives the statistics of reads and writes, or None.
            generator: Source of any randomness within the pass; without it the pass is
                deterministic.

        Returns:
            Logits at the positions, the state after the last step, and auxiliary losses.
        """

    def objective(
        self, task_loss: Float[Tensor, ""], losses: Mapping[str, Float[Tensor, ""]]
    ) -> Float[Tensor, ""]:
        """Weigh and add the losses. By default the auxiliary losses have weight 1."""
        return task_loss + sum(losses.values(), start=torch.zeros_like(task_loss))


def check_positive(**options: int) -> None:
    """Check that options are at least 1.

    Raises:
        ValueError: If an option is below 1; the message names the first one.
    """
    for name, value in options.items():
        if value < 1:
            raise ValueError(f"{name} = {value} must be at least 1")


def map_state(function: Callable[[Tensor], Tensor], state: S) -> S:
    """Apply ``function`` to every tensor in a state, and return the rest unchanged.

    The state may nest dataclasses, tuples, lists and dictionaries.
    """
    result: Any
    if isinstance(state, Tensor):
        result = function(state)
    elif dataclasses.is_dataclass(state) and not isinstance(state, type):
        changes = {
            f.name: map_state(function, getattr(state, f.name)) for f in dataclasses.fields(state)
        }
        result = dataclasses.replace(state, **changes)
    elif isinstance(state, tuple | list):
        items = [map_state(function, item) for item in state]
        result = type(state)(*items) if hasattr(state, "_fields") else type(state)(items)
    elif isinstance(state, dict):
        result = {key: map_state(function, item) for key, item in state.items()}
    else:
        result = state
    return cast(S, result)


def state_bytes(state: Any) -> int:
    """Return the size of a state: the bytes of all its tensors, for the whole batch."""
    total = 0

    def count(tensor: Tensor) -> Tensor:
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    map_state(count, state)
    return total


def require_output(output: Any) -> ModelOutput:
    """Return what a model returned.

    Raises:
        ValueError: If it is not a :class:`ModelOutput`.
    """
    if not isinstance(output, ModelOutput):
        found = "None" if output is None else f"a {type(output).__name__}"
        raise ValueError(
            f"forward must return a ModelOutput (baselines.interface), it returned {found}"
        )
    return output


def check_output(output: Any, positions: Int[Tensor, "B P"]) -> None:
    """Check that a model returned logits at all query positions, and a batch-first state.

    Raises:
        ValueError: If it returned something else, logits are not of shape ``[B, P, V]``, or a
            tensor of the state is not batch-first.
    """
    require_output(output)
    if output.logits.shape[:2] != positions.shape:
        raise ValueError(
            f"logits are of shape {list(output.logits.shape)} where {positions.shape[1]} positions "
            f"were queried in each of {len(positions)} "
            "sequences: return them at the `positions` that forward receives "
            "(memnet.encoder.at_positions takes them)"
        )

    def check(tensor: Tensor) -> Tensor:
        if not tensor.dim() or len(tensor) != len(positions):
            raise ValueError(
                f"the state holds a tensor of shape {list(tensor.shape)} for {len(positions)} "
                "sequences: "
                "every tensor of a state is batch-first"
            )
        return tensor

    map_state(check, output.state)
