"""TransformerController: causal self-attention over a short window, carried between pieces.

Legend: ``B`` batch, ``C`` tokens, ``W`` window, ``D`` width.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

PLACED = 4.0
"""Initial bias at each head's own distance, which then gets most of the head's attention."""

BLOCK = 16
"""Tokens L whose queries are compared at once with the W + L keys that they can see."""


class TransformerController(nn.Module):
    """One pre-norm Transformer block that attends to a token and the ``W`` tokens before it.

    From Vaswani et al. 2017 and Xiong et al. 2020.

        a_t = softmax_j(q_t · k_j / √d + b_{t−j}) · v_j,  t − W ≤ j ≤ t
        h = x + O·a ;  h = h + MLP(h)

    A learned bias per distance encodes the order, so the block streams exactly at any length. Each
    head initially attends to one distance (0, 1, 2, …), so that the positions of the last inputs
    are distinguishable; the MLP starts at zero.

    Args:
        width: D.
        heads: Attention heads.
        window: W.
    """

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.norm_attention = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.distance_bias = nn.Parameter(PLACED * torch.eye(heads, window + 1))
        self.out = nn.Linear(width, width, bias=False)
        self.norm_mlp = nn.RMSNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        nn.init.orthogonal_(self.out.weight, gain=0.5)
        last = self.mlp[2]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(
        self, inputs: Float[Tensor, "B C D"], window: Float[Tensor, "B W D"], time: int
    ) -> tuple[Float[Tensor, "B C D"], Float[Tensor, "B W D"]]:
        """Read ``C`` tokens.

        Args:
            inputs: Encoded tokens.
            window: The ``W`` encoded tokens before them.
            time: Tokens read so far; places of the window before the first token are masked.

        Returns:
            The controller's state at each token, and the window for the next call.
        """
        batch, count, width = inputs.shape
        block = min(BLOCK, count)
        blocks = -(-count // block)
        context = torch.cat([window, inputs], dim=1)
        padded = functional.pad(context, (0, 0, 0, blocks * block - count))
        q, k, v = (
            part.unflatten(-1, (self.heads, -1))
            for part in self.qkv(self.norm_attention(padded)).chunk(3, dim=-1)
        )
        # Blocks of queries, each with the keys that it can see: [B, blocks, heads, …].
        q = q[:, self.window :].unflatten(1, (blocks, block)).transpose(2, 3)
        k = k.unfold(1, self.window + block, block)
        v = v.unfold(1, self.window + block, block).transpose(-1, -2)
        # Written out, since the fused kernel takes twice as long with a learned bias.
        scores = (q * q.shape[-1] ** -0.5) @ k + self._bias(block, inputs.device)
        if time < self.window:
            empty = torch.arange(padded.shape[1], device=inputs.device) < self.window - time
            unseen = empty.unfold(0, self.window + block, block)
            scores = scores.masked_fill(unseen[:, None, None], float("-inf"))
        attended = (scores.softmax(-1) @ v).transpose(2, 3).reshape(batch, -1, width)
        hidden = inputs + self.out(attended[:, :count])
        return hidden + self.mlp(self.norm_mlp(hidden)), context[:, -self.window :]

    def _bias(self, block: int, device: torch.device) -> Float[Tensor, "heads L W+L"]:
        query = torch.arange(block, device=device).unsqueeze(1) + self.window
        key = torch.arange(block + self.window, device=device).unsqueeze(0)
        distance = query - key
        seen: Bool[Tensor, "L W+L"] = (distance >= 0) & (distance <= self.window)
        return self.distance_bias[:, distance.clamp(0, self.window)].masked_fill(
            ~seen, float("-inf")
        )
