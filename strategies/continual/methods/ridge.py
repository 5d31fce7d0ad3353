"""Ridge regression on random features, in closed form (RanPAC, McDonnell et al. 2023).

The features ``φ(x)`` are random and fixed by the seed. The method stores their Gram matrix and
their sum per class, and sees each sample once::

    G = Σ φ(x) φ(x)ᵀ        C = Σ φ(x) onehot(y)ᵀ        W = (G + λ I)⁻¹ C

The answer is the class with the largest entry of ``Wᵀφ(x)`` among those seen. ``W`` depends neither
on the order of the samples nor on the experiences, and equals that of joint training (ACIL, Zhuang
et al. 2022; F-OAL, Zhuang et al. 2024). ``λ`` counts as much as one sample. This prevents the peak
of the error where there are as many samples as features: with 271 features on 270 of the embedded
digits, over four seeds, it has 0.95, and 1e-5 of the mean of ``G``'s diagonal has 0.75. RanPAC and
ACIL compute ``φ`` from a pretrained network; here it reads the samples, and the model is not used.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``D`` random features, ``K``
classes.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.methods._closed_form import (
    ClosedForm,
    RidgeRegression,
    SeeOnce,
    check_options,
    count_within,
)
from strategies.continual.methods._random_features import random_features
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "Ridge regression on random features"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        features: ``"convolutional"``: random convolutions with ReLU, averaged over the cells of a
            grid; ``"dense"``: random projections of the whole sample with ReLU; ``"auto"``:
            convolutional if samples are images of bytes, else dense; ``"smooth"``: those of the
            method `memnet`, of ``kernel=7`` and ``grid=3``.
        count: D, a constant feature included.
        budget: Bytes stored, if not 0; the largest D that fits replaces ``count``.
        kernel: Side of a convolution in pixels, at most half of each side of the image.
        grid: Cells along each side of the image.
        regularisation: λ, relative to the mean of G's diagonal per sample: 1 counts as much as one
            sample.
    """

    features: Literal["auto", "convolutional", "dense", "smooth"] = "auto"
    count: int = 271
    budget: int = 0
    kernel: int = 7
    grid: int = 3
    regularisation: float = 1.0


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy; the model and the learning rate are not used.

    Raises:
        UsageError: If the budget or ``count`` holds no random feature, another size is below 1,
            or ``features=convolutional`` and samples are not images.
    """
    classes = stream.signature.outputs
    check_options("ridge", config)
    count = count_within(config.budget, classes) if config.budget else config.count
    random = random_features(
        config.features, stream, count - 1, kernel=config.kernel, grid=config.grid, seed=seed
    )
    regression = RidgeRegression(random, count, classes, config.regularisation)
    return ClosedForm(
        model=classifier(regression, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[SeeOnce(regression)],
    )
