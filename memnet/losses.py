"""Auxiliary losses of the memory: the use of entries, and the sparsity of writes and reads.

Legend: ``B`` batch, ``T`` time.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus

from memnet.chunk_access import ChunkAccess
from memnet.reading_policies import entropy
from memnet.write_gate_loss import held_open

CLOSED_GATE_LOGIT = -3.0
"""Logit below which the sparsity loss has no more effect on a write gate.

The gate is closed there (from -2.4 on) and must be able to reopen.
"""


def auxiliary_losses(
    chunks: Sequence[ChunkAccess],
    counters: Float[Tensor, "B T 2"] | None,
    queried: Bool[Tensor, "B T"],
) -> dict[str, Float[Tensor, ""]]:
    """Return the unweighted auxiliary losses, without the hallucination.

    - utilization: negative entropy of the mean use of entries within a chunk.
    - sparsity: mean of ``softplus(a)``, a the logits of the bank's write gates, the same of the
      tape's gates, a tenth of the mean dispersion of TopK, and a term that holds open the gates
      of entries read by answers: ``−log(strength + STRENGTH_OFFSET)`` of the entries read at a
      query position, averaged over all tokens like the gates' term.

    Args:
        chunks: Writes and reads of the chunks of a piece.
        counters: Logits of the tape's gates; None without a tape.
        queried: At which tokens there is a query.
    """
    sizes = [chunk.read.vectors.shape[1] for chunk in chunks]
    shares = [size / sum(sizes) for size in sizes]
    query_masks = queried.split(sizes, dim=1)
    logits = torch.cat([chunk.written.logits for chunk in chunks], dim=-1)
    dispersions = torch.cat([chunk.read.dispersion for chunk in chunks], dim=-1)
    sparsity = softplus(logits.clamp_min(CLOSED_GATE_LOGIT)).mean() + 0.1 * dispersions.mean()
    if counters is not None:
        sparsity = sparsity + softplus(counters.clamp_min(CLOSED_GATE_LOGIT)).mean()
    open_losses = [
        held_open(chunk.written, chunk.read, mask)
        for chunk, mask in zip(chunks, query_masks, strict=True)
    ]
    return {
        "utilization": sum_weighted(shares, [_utilization(chunk) for chunk in chunks]),
        "sparsity": sparsity + sum_weighted(shares, open_losses),
    }


def _utilization(chunk: ChunkAccess) -> Float[Tensor, ""]:
    """Return the negative entropy of the mean use of entries."""
    use = chunk.read.weights.mean(2)
    return -entropy(use / use.sum(-1, keepdim=True).clamp_min(1e-6)).mean()


def sum_weighted(weights: Sequence[float], terms: Sequence[Tensor]) -> Tensor:
    """Weighted sum of scalars."""
    pairs = zip(weights, terms, strict=True)
    return torch.stack([weight * value for weight, value in pairs]).sum()
