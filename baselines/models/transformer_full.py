"""Transformer without a window: every earlier token can be attended to, and is carried."""

from dataclasses import dataclass

from baselines.interface import SequenceModel, Signature
from baselines.models import transformer

VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options; see :mod:`baselines.models.transformer`."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    longest: int = 8192


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    full = transformer.Config(width=config.width, layers=config.layers, heads=config.heads, window=None, longest=config.longest)
    return transformer.Transformer(full, signature)
