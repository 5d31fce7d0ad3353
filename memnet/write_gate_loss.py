"""The training loss that holds open the write gates of the entries that answers read.

Legend: ``B`` memories, ``C`` tokens.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd import Function

from memnet.chunk_access import Read, Written

STRENGTH_OFFSET = 0.05
"""Offset that bounds the gradient which opens the gates of entries read by answers.

The gradient is ``1 / (strength + STRENGTH_OFFSET)``: large for a nearly closed gate, and bounded.
"""


def held_open(written: Written, read: Read, queried: Bool[Tensor, "B C"]) -> Float[Tensor, ""]:
    """Return the loss that holds open the gates of the entries that answers read.

    Reads are normalised. Without it all gates could decrease together at no cost to the task,
    until the gates that the task needs are closed too.
    """
    weights = read.weights.detach() * queried[:, None, :, None]
    strength, faded, count = written.strength, written.faded, weights[..., 0].numel()
    if faded is None:
        missing = (strength + STRENGTH_OFFSET).log().clamp_max(0.0)
        return -(weights.sum(2) * missing).sum() / count
    total: Tensor = _OpenLoss.apply(weights.contiguous(), strength, faded)
    return total / count


class _OpenLoss(Function):
    """``−Σ w·min(log(s·e^f + STRENGTH_OFFSET), 0)``, with a backward pass of few temporaries."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, strength: Tensor, faded: Tensor) -> Tensor:
        kept = faded.exp()
        present = (kept * strength.unsqueeze(2)).add_(STRENGTH_OFFSET)
        ctx.save_for_backward(weights, strength, kept, present)
        return -torch.dot(weights.flatten(), present.log().clamp_max_(0.0).flatten())

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        weights, strength, kept, present = ctx.saved_tensors
        slope = (weights / present).mul_(kept).mul_(present <= 1.0).mul_(-slopes[0])
        return None, slope.sum(2), slope * strength.unsqueeze(2)
