"""A code of samples without weights: the cosine coefficients that vary most.

``c_i = (DCT(x)_i − mean_i) / deviation_i`` for the E coefficients of the discrete cosine transform
with the largest variance (Ahmed et al. 1974). The transform is orthonormal, so a code is decoded by
its transpose: slots are decoded, and dreamt of, straight from codes. Means and variances are those
of the first samples seen.

Legend: ``B`` batch, ``E`` width of a code, ``X`` values of a sample.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.persistent.random_features import planes

CALIBRATION = 1000
"""Samples whose moments are measured."""

COEFFICIENT_BYTES = 2
"""Bytes of a stored number."""

TINY = 1e-6
"""Smallest deviation by which a coefficient is divided."""


class FixedCode(nn.Module):
    """Encodes and decodes samples.

    Args:
        shape: Shape of a sample, of X values.
        width: E, at most X.

    Attributes:
        mean: Mean of each coefficient of the transform.
        deviation: Its standard deviation. Both have 16 bits, since a code needs no more.
        measured: Samples measured so far.
    """

    mean: Tensor
    deviation: Tensor
    measured: Tensor
    down: Tensor
    across: Tensor

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.shape = shape
        self.planes = planes(shape)
        self.width = width
        values = math.prod(shape)
        self.register_buffer("mean", torch.zeros(values, dtype=torch.bfloat16))
        self.register_buffer("deviation", torch.zeros(values, dtype=torch.bfloat16))
        self.register_buffer("measured", torch.zeros((), dtype=torch.int32))
        self.register_buffer("down", cosine_transform(self.planes[1]), persistent=False)
        self.register_buffer("across", cosine_transform(self.planes[2]), persistent=False)

    @property
    def calibrated(self) -> bool:
        """Whether the moments are final."""
        return int(self.measured) >= CALIBRATION

    @torch.no_grad()
    def calibrate(self, inputs: Float[Tensor, "B ..."]) -> None:
        """Measure samples; does nothing once enough samples have been measured."""
        taken = self.transform(inputs[: CALIBRATION - int(self.measured)])
        if len(taken):
            share = len(taken) / (int(self.measured) + len(taken))
            mean, deviation = self.mean.float(), self.deviation.float()
            step = taken.mean(0) - mean
            within = (1 - share) * deviation**2 + share * taken.var(0, correction=0)
            self.mean = (mean + share * step).to(self.mean)
            self.deviation = (within + share * (1 - share) * step**2).sqrt().to(self.deviation)
            self.measured = self.measured + len(taken)

    @torch.no_grad()
    def measure_again(self, inputs: Float[Tensor, "B ..."]) -> None:
        """Replace the moments of the stored coefficients, and set those of all others to 0.

        Without samples, calibration starts again.
        """
        chosen, taken = self.chosen(), self.transform(inputs)
        self.mean, self.deviation = torch.zeros_like(self.mean), torch.zeros_like(self.deviation)
        if len(taken) == 0:
            self.measured = torch.zeros_like(self.measured)
            return
        spread = taken[:, chosen].std(0, correction=0).clamp_min(TINY)
        self.mean[chosen] = taken[:, chosen].mean(0).to(self.mean)
        self.deviation[chosen] = spread.to(self.deviation)

    def encode(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B E"]:
        """Return the codes of samples; each entry has variance 1 over the measured samples."""
        chosen = self.chosen()
        centred = self.transform(inputs)[:, chosen] - self.mean[chosen].float()
        codes: Tensor = centred / self.deviation[chosen].float().clamp_min(TINY)
        return codes

    def decode(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B ..."]:
        """Return the samples of codes; coefficients that are not stored are at their means."""
        chosen = self.chosen()
        whole = self.mean.float().repeat(len(codes), 1)
        whole[:, chosen] += codes * self.deviation[chosen].float()
        samples = self.down.T @ whole.reshape(-1, *self.planes) @ self.across
        return samples.reshape(-1, *self.shape)

    def transform(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B X"]:
        """Return all coefficients of samples."""
        return (self.down @ inputs.reshape(-1, *self.planes) @ self.across.T).flatten(1)

    def chosen(self) -> Int[Tensor, "E"]:
        """Return the places of the stored coefficients."""
        return self.deviation.float().topk(self.width).indices


def cosine_transform(length: int) -> Float[Tensor, "length length"]:
    """Return the orthonormal discrete cosine transform (DCT-II) as a matrix."""
    places = torch.arange(length, dtype=torch.float64)
    matrix = torch.cos(math.pi / length * (places[None] + 0.5) * places[:, None])
    matrix *= math.sqrt(2 / length)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


def code_bytes(shape: tuple[int, ...]) -> int:
    """Return the bytes of the moments."""
    return 2 * COEFFICIENT_BYTES * math.prod(shape) + 4
