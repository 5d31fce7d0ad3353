"""Slots of codes that are written by surprise and read by similarity.

Shapes: ``B`` batch, ``E`` entries of a code, ``N`` slots, ``P`` bytes of a code, ``K`` classes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.persistent.quantization import pack, packed_width, unpack
from strategies.continual.classifier import CLOSED

SLOT_BITS = 4
"""Bits of a code's entry."""

FIRST = 10
"""Fewest samples from which the mean code and the scale are computed; earlier ones are not written.
"""

MARGIN_BYTES = 2
"""Bytes of a stored margin, a half float."""

SCALE_BYTES = 8
"""Bytes of the scale of codes and of the number of samples behind it."""


class SurpriseSlots:
    """Codes of the most surprising samples of each class.

    Args:
        capacity: N.
        code: E.
        classes: K.

    Attributes:
        codes: Packed codes ``[n, P]`` of the ``n`` slots in use.
        labels: Their classes; one byte each for up to 256 classes.
        margins: Their margins at arrival.
        mean: Mean of the codes of the first samples.
        scale: Root of the mean square of these codes without their mean.
        first: Number of these samples.
    """

    def __init__(self, capacity: int, code: int, classes: int) -> None:
        self.capacity, self.classes = capacity, classes
        self.codes = torch.zeros(0, packed_width(code, SLOT_BITS), dtype=torch.uint8)
        self.labels = torch.zeros(0, dtype=torch.uint8 if classes <= 256 else torch.int16)
        self.margins = torch.zeros(0, dtype=torch.float16)
        self.mean, self.scale, self.first = torch.zeros(code), 0.0, 0

    def normalised(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B E"]:
        """Return codes without the mean, and of about unit mean square."""
        return (codes - self.mean.to(codes)) / max(self.scale, 1e-6)

    def write(
        self, codes: Float[Tensor, "B E"], labels: Int[Tensor, "B"], margins: Float[Tensor, "B"]
    ) -> None:
        """Offer samples; the most surprising ones of each class stay."""
        if self.first < FIRST:
            self._add_to_mean(codes.cpu())
        if self.first < FIRST:
            return
        packed = pack(self.normalised(codes), SLOT_BITS).cpu()
        joined = torch.cat((self.labels, labels.cpu().to(self.labels.dtype)))
        surprise = torch.cat((self.margins, margins.cpu().half()))
        keep = most_surprising(joined.long(), surprise, self.capacity)
        self.codes = torch.cat((self.codes, packed))[keep]
        self.labels, self.margins = joined[keep], surprise[keep]

    def _add_to_mean(self, codes: Float[Tensor, "B E"]) -> None:
        """Update mean and scale by some of the first samples (Chan, Golub & LeVeque 1979)."""
        total = self.first + len(codes)
        mean = codes.mean(0)
        between = self.first * len(codes) / total * float((mean - self.mean).square().mean())
        within = float((codes - mean).square().mean(1).sum())
        self.scale = ((self.first * self.scale**2 + within + between) / total) ** 0.5
        self.mean = self.mean + (mean - self.mean) * len(codes) / total
        self.first = total

    def votes(self, codes: Float[Tensor, "B E"], sharpness: float) -> Float[Tensor, "B K"]:
        """Return the sum of the read weights of each class; zeros if no slot is in use."""
        if not len(self.labels):
            return codes.new_zeros(len(codes), self.classes)
        stored = functional.normalize(unpack(self.codes.to(codes.device), SLOT_BITS), dim=1)
        near = functional.normalize(self.normalised(codes), dim=1) @ stored.T
        owners = functional.one_hot(self.labels.long().to(codes.device), self.classes)
        return (sharpness * near).softmax(1) @ owners.to(codes)

    def stored_bytes(self) -> int:
        """Return the bytes of the slots in use and of the mean code and its scale."""
        in_use = self.codes.nbytes + self.labels.nbytes + self.margins.nbytes
        return in_use + self.mean.nbytes + SCALE_BYTES

    def state_dict(self) -> dict[str, Any]:
        """Return the slots, and the mean code and its scale."""
        names = ("codes", "labels", "margins", "mean", "scale", "first")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for name, value in state.items():
            setattr(self, name, value.clone() if isinstance(value, Tensor) else value)


def margins_of(
    scores: Float[Tensor, "B K"], labels: Int[Tensor, "B"], seen: Bool[Tensor, "K"]
) -> Float[Tensor, "B"]:
    """Return the score of each sample's class minus the best other one.

    Args:
        scores: Scores of all classes.
        labels: The classes of the samples.
        seen: Mask of the classes seen; those of the samples are added to it.
    """
    known = seen.clone()
    known[labels] = True
    own = labels[:, None]
    others = scores.masked_fill(~known, CLOSED).scatter(1, own, CLOSED).amax(1)
    return scores.gather(1, own).squeeze(1) - others


def most_surprising(
    labels: Int[Tensor, "n"], margins: Float[Tensor, "n"], capacity: int
) -> Int[Tensor, "m"]:
    """Return the places of the samples of lowest margin, equally many of each class.

    Of equal margins the earlier one stays. The places are in rising order.
    """
    order = margins.argsort(stable=True)
    order = order[labels[order].argsort(stable=True)]
    counts = torch.bincount(labels)
    first = torch.cat((counts.new_zeros(1), counts.cumsum(0)[:-1]))
    rank = torch.arange(len(labels)) - first[labels[order]]
    return order[rank < capacity // int((counts > 0).sum())].sort().values


def slot_bytes(code: int, classes: int) -> int:
    """Return the bytes of a slot: the code, the label and the margin.

    Raises:
        ValueError: If a code does not fill whole bytes.
    """
    return packed_width(code, SLOT_BITS) + (1 if classes <= 256 else 2) + MARGIN_BYTES
