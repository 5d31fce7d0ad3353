"""Spreading of read weights over links: ``W_k = (1 − α)·W_{k−1} + α·W_{k−1}·Â``.

Legend: ``B`` memories, ``G`` linked heads, ``C`` tokens, ``M`` nodes.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from memnet.config import MemNetConfig
from memnet.graph import Links


def spread_over_links(
    nodes: Float[Tensor, "B G M C"],
    links: Links,
    hops: Float[Tensor, "B G C hops+1"] | None,
    alpha: Float[Tensor, "G 1 1"],
    config: MemNetConfig,
) -> tuple[Float[Tensor, "B G M C"], Float[Tensor, "B G C 1"]]:
    """Return the weights over nodes after all hops, mixed by the hop gate.

    Args:
        nodes: The weights W_0 over nodes.
        links: The graph at each token.
        hops: Weight of each number of hops; None for the last one.
        alpha: Share α of a weight that spreads at each hop.
        config: Options.

    Returns:
        The weights, and the share of a weight that never moves: that of a node without links.
    """
    steps, kept = [nodes], [torch.ones_like(alpha)]
    for _ in range(config.hops):
        step = steps[-1]
        steps.append(alpha * links.spread(step, config.sharpening) + (1.0 - alpha) * step)
        kept.append((1.0 - alpha) * kept[-1])
    if hops is None:
        return steps[-1], kept[-1]
    mix = hops.transpose(-1, -2).contiguous().split(1, dim=2)
    mixed: Tensor = mix[0] * steps[0]
    for share, step in zip(mix[1:], steps[1:], strict=True):
        mixed = torch.addcmul(mixed, share, step)
    return mixed, hops @ torch.cat(kept, dim=1)


def spread_start(config: MemNetConfig) -> Float[Tensor, "H 1 1"]:
    """Return initial spread logits: high for associating heads, low for a single (binding) head.

    See :class:`memnet.heads.WriteHeads`. They are 0 with ``init`` *plain*.
    """
    start = 2.0 if config.heads > 1 else -2.0
    return torch.full((config.linked_heads, 1, 1), start if config.init == "mimetic" else 0.0)
