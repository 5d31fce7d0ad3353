"""The loss by which codes of one class become neighbours: a read of the batch's other samples.

Legend: ``B`` batch, ``E`` width of a code, ``K`` classes.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.persistent.bank import cosine


def neighbour_loss(
    codes: Float[Tensor, "B E"],
    labels: Int[Tensor, "B"],
    temperature: Float[Tensor, ""],
    log_prior: Float[Tensor, "K"],
) -> Float[Tensor, ""]:
    """Read each sample from the batch's other samples as slots, and score the label read.

    Neighbourhood components analysis (Goldberger et al. 2004). Each neighbour is weighted by the
    inverse of its class's share in the training data, since slots are divided equally. Samples
    without another of their class in the batch are left out.
    """
    itself = torch.eye(len(codes), dtype=torch.bool, device=codes.device)
    same: Bool[Tensor, "B B"] = (labels[:, None] == labels[None, :]) & ~itself
    score = temperature * cosine(codes, codes) - log_prior[labels]
    weights = score.masked_fill(itself, -torch.inf).log_softmax(-1)
    scored = same.any(-1)
    if not bool(scored.any()):
        return codes.new_zeros(())
    return -weights[scored].masked_fill(~same[scored], -torch.inf).logsumexp(-1).mean()
