"""DeltaNet: a matrix memory written by the delta rule (Schlag et al. 2021; Yang et al. 2024)."""

from dataclasses import dataclass
from typing import Literal

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.models._delta_layer import DeltaLayer
from baselines.models._layer_stack import ResidualBlock, Stack

VERSION = 2
TITLE = "DeltaNet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options. A layer's memory takes ``heads · key_width · value_width`` floats.

    Attributes:
        width: D.
        layers: Blocks.
        heads: Heads of a layer, each with its own memory.
        key_width: Width of a head's keys and queries.
        value_width: Width of a head's values.
        inner: Hidden width of a block's MLP; 0 for none.
        chunk: Steps processed in parallel. A speed setting: results agree for any value.
        init: *plain*, or *mimetic*: the first layer starts with MemNet's initial values
            (:mod:`baselines.models._mimetic`).
    """

    width: int = 64
    layers: int = 2
    heads: int = 1
    key_width: int = 64
    value_width: int = 64
    inner: int = 96
    chunk: int = 16
    init: Literal["plain", "mimetic"] = "plain"

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            key_width=self.key_width,
            value_width=self.value_width,
            chunk=self.chunk,
        )
        if self.inner < 0:
            raise ValueError(f"inner = {self.inner} must not be negative; use 0 for no MLP")


def build_stack(config: Config, signature: Signature, *, decaying: bool) -> Stack:
    """Build either model: with a decay it is the gated one, which has the same options."""
    layers = [
        DeltaLayer(
            config.width,
            heads=config.heads,
            key_width=config.key_width,
            value_width=config.value_width,
            chunk=config.chunk,
            decaying=decaying,
        )
        for _ in range(config.layers)
    ]
    blocks = [ResidualBlock(config.width, layer, config.inner) for layer in layers]
    model = Stack(signature, config.width, blocks)
    if config.init == "mimetic":  # the last draws, so that all other initial values are unchanged
        layers[0].mimic_memnet()
    return model


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return build_stack(config, signature, decaying=False)
