"""MLP: two hidden layers of 400 ReLU over a whole sample (van de Ven et al. 2022).

On pieces of a sequence it reads a window of a sample's steps (:mod:`baselines.sample_window`).

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``L`` length of a sample, ``P`` query positions,
``V`` classes, ``D`` width.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.sample_window import SampleModel
from results.errors import UsageError

VERSION = 1
TITLE = "MLP"
INPUTS = ("samples",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options: ``width`` and number of hidden ``layers``."""

    width: int = 400
    layers: int = 2

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, layers=self.layers)


class MLP(SampleModel):
    """Fully connected layers over the last ``L`` steps.

    Attributes:
        width: D, the width of :meth:`features`.
    """

    def __init__(self, config: Config, signature: Signature) -> None:
        if signature.features is None:
            raise UsageError(
                "model 'mlp' reads samples of features and not tokens: use it on streams (memnet "
                "list streams)"
            )
        super().__init__(signature.length, signature.features)
        self.width = config.width
        sizes = [self.length * self.inputs, *[config.width] * config.layers]
        layers = [
            part
            for wide, narrow in pairwise(sizes)
            for part in (nn.Linear(wide, narrow), nn.ReLU())
        ]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(sizes[-1], signature.outputs)

    def features(
        self, inputs: Float[Tensor, "B L F"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Return the last hidden layer for whole samples."""
        hidden: Tensor = self.body(inputs.flatten(1))
        return hidden


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model.

    Raises:
        UsageError: If the inputs are tokens.
    """
    return MLP(config, signature)
