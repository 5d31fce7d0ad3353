"""Gated DeltaNet: the delta rule with a learned decay of its matrix memory (Yang et al. 2024)."""

from baselines.interface import SequenceModel, Signature
from baselines.models.delta_rule import Config, build_stack

__all__ = ["Config", "build"]

VERSION = 2
TITLE = "Gated DeltaNet"


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return build_stack(config, signature, decaying=True)
