"""Models, inputs and losses for the rules of models.

Shapes: ``B`` batch, ``T`` time.
"""

import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature
from benchmarks.checks.rule import Case
from benchmarks.execution.entry_functions import build as build_entry

TOKEN_INPUTS = Signature(vocabulary=11, outputs=11, length=24)
FEATURE_INPUTS = Signature(features=5, outputs=3, length=8)


def build(case: Case, signature: Signature, seed: int = 0) -> SequenceModel:
    """Build the model with default options; ``seed`` is that of its initial values."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: SequenceModel = build_entry(case.entry, case.config(), signature)
    return model


def tokens(batch: int = 4, length: int = 24, seed: int = 0) -> Tensor:
    """Draw tokens, ``[B, T]``."""
    return torch.randint(11, (batch, length), generator=torch.Generator().manual_seed(seed))


def accepts(case: Case, kind: str) -> bool:
    """Return whether a model accepts such inputs: all, unless its fact ``INPUTS`` restricts them.

    Samples are features of a fixed length.
    """
    allowed = case.entry.source.facts.get("INPUTS", ("tokens", "features"))
    return kind in allowed or (kind == "features" and "samples" in allowed)


def signature_of(case: Case) -> Signature:
    """Return a signature that the model accepts, with 11 outputs and sequences of 24 steps."""
    if accepts(case, "tokens"):
        return TOKEN_INPUTS
    return Signature(features=5, outputs=11, length=24)


def as_inputs(case: Case, given: Tensor) -> Tensor:
    """Return tokens unchanged, or as features, one vector per token, for a model without tokens."""
    if accepts(case, "tokens"):
        return given
    return torch.randn(11, 5, generator=torch.Generator().manual_seed(7))[given]


def loss_of(model: SequenceModel, output: ModelOutput, targets: Tensor) -> Tensor:
    """Return the objective: the cross-entropy and the auxiliary losses."""
    logits = output.logits.float().flatten(0, 1)
    return model.objective(functional.cross_entropy(logits, targets.flatten()), output.losses)
