"""Checks of what ``memnet.inspect`` is given: one line for inputs that a model can't read."""

import torch
from jaxtyping import Int
from torch import Tensor

from memnet.model import MemNet
from results.errors import UsageError

TOKEN_TYPES = (torch.int32, torch.int64)
"""Types of an index of an embedding."""


def check_sequences(model: MemNet, inputs: Tensor) -> None:
    """Check sequences for a MemNet.

    Raises:
        UsageError: If they are empty, of another rank, type or number of features than the model
            reads, or hold tokens outside its vocabulary.
    """
    embedding, projection = model.encoder.embedding, model.encoder.projection
    if embedding is not None:
        _check_shape(inputs, ("B", "T"), "tokens")
        if inputs.dtype not in TOKEN_TYPES:
            raise UsageError(
                f"inputs are of type {inputs.dtype}, and this model reads tokens: give whole "
                "numbers, such as inputs.long()"
            )
        _check_range(inputs, "token", embedding.num_embeddings, "the vocabulary of this model")
        return
    assert projection is not None
    features = projection.in_features
    _check_shape(inputs, ("B", "T", str(features)), "features")
    if inputs.dtype != projection.weight.dtype:
        type_ = projection.weight.dtype
        raise UsageError(
            f"inputs are of type {inputs.dtype}, and this model reads features of type {type_}: "
            f"give inputs.to({type_})"
        )
    if inputs.shape[-1] != features:
        raise UsageError(
            f"inputs are {list(inputs.shape)}, and this model reads {features} features per step: "
            f"give [B, T, {features}]"
        )
    _check_finite(inputs)


def check_answers(
    inputs: Tensor, positions: Int[Tensor, "B P"] | None, targets: Tensor | None
) -> None:
    """Check positions and targets of answers.

    Raises:
        UsageError: If they are no whole numbers, do not fit the inputs or each other, or lie
            outside the sequences.
    """
    if positions is None:
        if targets is not None:
            raise UsageError("targets need the positions of their answers: give positions")
        return
    _check_tensor("positions", positions)
    if positions.ndim != 2 or len(positions) != len(inputs):
        raise UsageError(
            f"positions are {list(positions.shape)}: give them as [B, P], for all {len(inputs)} "
            "rows"
        )
    if positions.dtype != torch.int64:
        raise UsageError(
            f"positions are of type {positions.dtype}: give whole numbers, such as positions.long()"
        )
    _check_range(positions, "position", inputs.shape[1], "a sequence of this length")
    if targets is not None:
        _check_tensor("targets", targets)
    if targets is not None and targets.shape != positions.shape:
        raise UsageError(
            f"targets are {list(targets.shape)} and positions {list(positions.shape)}: "
            "give a target per position"
        )


def check_samples(samples: Tensor, shape: tuple[int, ...]) -> None:
    """Check samples for a persistent memory.

    Args:
        samples: The samples.
        shape: Shape of a sample of the memory.

    Raises:
        UsageError: If there are none, or they have another shape or type than the memory's.
    """
    _check_shape(samples, ("B", *map(str, shape)), "samples")
    if tuple(samples.shape[1:]) != tuple(shape):
        raise UsageError(
            f"inputs are {list(samples.shape)}, and samples of this memory are {list(shape)}: give "
            f"[{', '.join(('B', *map(str, shape)))}]"
        )
    if not samples.is_floating_point():
        raise UsageError(
            f"inputs are of type {samples.dtype}, and this memory reads numbers with fractions: "
            "give floats, scaled as in training"
        )
    _check_finite(samples)


def check_contents(contents: Int[Tensor, "n"], samples: int) -> None:
    """Check that the samples in slots are among the samples given.

    Args:
        contents: Their numbers in the stream.
        samples: Number of samples given.

    Raises:
        UsageError: If some are not.
    """
    if int(contents.max()) >= samples:
        raise UsageError(
            f"the memory holds sample {int(contents.max())} of its stream, and {samples} samples "
            "are given: give all samples of the stream in their order"
        )


def _check_tensor(name: str, given: object) -> None:
    if not isinstance(given, Tensor):
        raise UsageError(f"{name} are a {type(given).__name__}: give a torch.Tensor")


def _check_shape(inputs: Tensor, shape: tuple[str, ...], what: str) -> None:
    expected = f"[{', '.join(shape)}]"
    _check_tensor("inputs", inputs)
    if inputs.ndim != len(shape):
        raise UsageError(f"inputs are {list(inputs.shape)}: give {what} as {expected}")
    if not inputs.numel():
        raise UsageError(
            f"inputs are {list(inputs.shape)}, so there is nothing to read: give {what} as "
            f"{expected}, with at least one row and one step"
        )


def _check_finite(inputs: Tensor) -> None:
    if not bool(torch.isfinite(inputs).all()):
        raise UsageError("inputs hold values that are not finite numbers: remove or replace them")


def _check_range(values: Tensor, what: str, count: int, where: str) -> None:
    outside = values[(values < 0) | (values >= count)]
    if outside.numel():
        raise UsageError(
            f"{what} {int(outside.flatten()[0])} is outside {where}: give numbers from 0 to "
            f"{count - 1}"
        )
