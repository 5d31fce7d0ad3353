"""MNIST-1D: digits as sequences of 40 values, generated. Imports no torch.

S. Greydanus & D. Kobak, *Scaling down deep learning with MNIST-1D*, ICML 2024, arXiv:2011.14439,
with the published settings: a template of 12 points per digit is padded, stretched to 72 points,
scaled and moved; smooth noise fills the padding, white noise is added everywhere; then the sequence
is sheared and sampled at 40 points. 5,000 sequences, 500 per digit; the last fifth of a random
order is the test set. The values are standardised over the whole set, and stored as bytes: value x
is the byte ``128 + 32 x``, rounded, so a step is 1/32 of the standard deviation.
"""

import numpy as np
from jaxtyping import Float
from numpy.random import RandomState

from benchmarks.datasets.labelled_images import Images

HEIGHTS = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
"""Published templates, one per digit."""

PER_CLASS, TEST_SHARE = 500, 0.2
PADDING = (36, 60)
SEQUENCE_LENGTH = 40
LARGEST_SHIFT = 48
SCALE_RANGE, SHEAR = 0.4, 0.75
SMOOTH_NOISE, WHITE_NOISE, NOISE_WIDTH = 0.25, 0.02, 2
DATA_SEED = 42
LEVELS_PER_DEVIATION = 32


def generate() -> tuple[Images, Images]:
    """Generate the training and the test sequences.

    The draws are those of the published generator, in its order, from NumPy's frozen legacy
    generator.
    """
    draws = RandomState(DATA_SEED)
    labels = np.repeat(np.arange(len(HEIGHTS)), PER_CLASS)
    values = np.stack([_sequence(_template(label), draws) for label in labels.tolist()])
    order = draws.permutation(len(labels))
    values = (values - values.mean()) / values.std()
    levels = np.clip(np.rint(128 + LEVELS_PER_DEVIATION * values), 0, 255)
    border = len(labels) - round(TEST_SHARE * len(labels))
    train, test = (
        Images(pixels=levels[part, :, None].astype(np.uint8), labels=labels[part].astype(np.uint8))
        for part in (order[:border], order[border:])
    )
    return train, test


def _template(label: int) -> Float[np.ndarray, "12"]:
    """Return a digit's template: unit deviation over six, and 0 at its start."""
    heights = np.array(HEIGHTS[label], dtype=np.float64)
    template: Float[np.ndarray, "12"] = (heights - heights[0]) / (6 * heights.std())
    return template


def _sequence(template: Float[np.ndarray, "12"], draws: RandomState) -> Float[np.ndarray, "40"]:
    """Transform a template at random."""
    from scipy.ndimage import gaussian_filter1d

    low, high = PADDING
    padding = low + int(draws.rand() * (high - low + 1))
    # A tiny offset marks the points of the template, so that noise fills the padding alone.
    points = _sampled(np.concatenate((template + 1e-8, np.zeros(padding))), len(template) + high)
    points *= 1 + SCALE_RANGE * (draws.rand() - 0.5)
    points = np.roll(points, draws.choice(LARGEST_SHIFT))
    smooth = gaussian_filter1d(SMOOTH_NOISE * draws.randn(len(points)), NOISE_WIDTH)
    points = np.where(points != 0, points, smooth) + WHITE_NOISE * draws.randn(len(points))
    points -= SHEAR * (draws.rand() - 0.5) * np.linspace(-0.5, 0.5, len(points))
    return _sampled(points, SEQUENCE_LENGTH)


def _sampled(points: Float[np.ndarray, "n"], count: int) -> Float[np.ndarray, "m"]:
    """Sample a sequence at so many equal distances, by linear interpolation."""
    sampled: Float[np.ndarray, "m"] = np.interp(
        np.linspace(0, 1, count), np.linspace(0, 1, len(points)), points
    )
    return sampled
