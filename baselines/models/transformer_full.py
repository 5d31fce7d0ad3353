"""Transformer without a window: attention with rotary positions to all earlier tokens.

All keys and values are carried.
"""

from dataclasses import dataclass

from baselines.interface import SequenceModel, Signature
from baselines.models import transformer

VERSION = 2
TITLE = "Transformer (full attention)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options; see :mod:`baselines.models.transformer`.

    The longest sequence holds a query at a distance of 8,192.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    longest: int = 16384

    def __post_init__(self) -> None:
        """Check the options."""
        self.windowless()

    def windowless(self) -> transformer.Config:
        """Return the same options as options of the Transformer."""
        return transformer.Config(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            window=None,
            longest=self.longest,
        )


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return transformer.Transformer(config.windowless(), signature)
