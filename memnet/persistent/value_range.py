"""The range of a sample's values, which a memory scales to [0, 1] for its decoder.

A decoder's outputs are logits of values in [0, 1]. Samples with other values, such as normalised
images, are scaled by one affine map for all values::

    u = (x − low) / (high − low)        x = low + u · (high − low)

Later values outside ``[low, high]`` are clipped where the decoder learns them.
"""

import logging

import torch
from jaxtyping import Float
from torch import Tensor, nn

LOGGER = logging.getLogger(__name__)


class ValueRange(nn.Module):
    """The values that become 0 and 1.

    Args:
        limits: ``(low, high)``; by default they are learned from the first training samples: [0, 1]
            if it contains all their values, else their minimum and maximum.

    Attributes:
        limits: ``low`` and ``high``, ``[2]``; 0 and 1 until they are known. It is a buffer, so
            checkpoints hold it.
        known: Whether the limits are given or learned.

    Raises:
        ValueError: If the limits are not finite and rising.
    """

    limits: Tensor
    known: Tensor

    def __init__(self, limits: tuple[float, float] | None = None) -> None:
        super().__init__()
        given = torch.tensor((0.0, 1.0) if limits is None else limits)
        if not bool(given.isfinite().all()) or not bool(given[0] < given[1]):
            raise ValueError(
                f"value_range = {limits} must be two finite numbers (low, high), low below high"
            )
        self.register_buffer("limits", given)
        self.register_buffer("known", torch.tensor(limits is not None))

    @torch.no_grad()
    def learn(self, samples: Float[Tensor, "n ..."]) -> None:
        """Learn the limits from samples, unless they are known.

        Raises:
            ValueError: If a value is not finite.
        """
        low, high = float(samples.min()), float(samples.max())
        if not bool(samples.isfinite().all()):
            raise ValueError(f"samples hold values from {low:g} to {high:g}: they must be finite")
        if bool(self.known):
            return
        self.known.fill_(True)
        if low >= 0 and high <= 1:
            return
        self.limits.copy_(torch.tensor((low, high if high > low else low + 1)))
        LOGGER.warning(
            "samples hold values from %g to %g: the memory scales what it stores to [0, 1]",
            low,
            high,
        )

    def scaled(self, samples: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """Return samples with ``low`` as 0 and ``high`` as 1."""
        low, high = self.limits
        scaled: Tensor = (samples - low) / (high - low)
        return scaled

    def restored(self, values: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """Return scaled values as values of samples."""
        low, high = self.limits
        restored: Tensor = low + values * (high - low)
        return restored
