"""The training loss that holds open the write gates of the entries that answers read.

Legend: ``B`` memories, ``C`` tokens.
"""

from jaxtyping import Bool, Float
from torch import Tensor

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
    weights = read.weights.detach()
    asked = queried.to(weights.dtype)
    count = weights[..., 0].numel()
    read_by_answers = (asked[:, None, None] @ weights).squeeze(2)
    total = (read_by_answers * _closed(written.strength)).sum()
    if written.faded is not None:
        columns = written.faded.columns(weights * asked[:, None, :, None])
        full = written.strength.flatten()[written.faded.entry].unsqueeze(-1)
        total = total + (columns * (_closed(full * written.faded.kept.exp()) - _closed(full))).sum()
    return -total / count


def _closed(strength: Tensor) -> Tensor:
    """Return ``min(log(s + STRENGTH_OFFSET), 0)``: 0 for an open gate, negative for others."""
    return (strength + STRENGTH_OFFSET).log().clamp_max(0.0)
