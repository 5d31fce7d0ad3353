"""TransformerController: causal self-attention over a short window, carried between pieces.

Legend: ``B`` batch, ``C`` tokens, ``W`` window, ``D`` width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from memnet.attention import window_attention

PLACED = 4.0
"""Initial bias at each head's own distance, which then gets most of the head's attention."""


class TransformerController(nn.Module):
    """One pre-norm Transformer block that attends to a token and the ``W`` tokens before it.

    From Vaswani et al. 2017 and Xiong et al. 2020.

        a_t = softmax_j(q_t · k_j / √d + b_{t−j}) · v_j,  t − W ≤ j ≤ t
        h = x + O·a ;  h = h + MLP(h)

    A learned bias per distance encodes the order, so the block streams exactly at any length. If
    ``placed``, each head initially attends to one distance (0, 1, 2, …), so that the positions of
    the last inputs are distinguishable; otherwise all distances are equal at first. The MLP starts
    at zero.

    Args:
        width: D.
        heads: Attention heads.
        window: W.
        placed: Whether each head starts on one distance.
    """

    def __init__(self, width: int, heads: int, window: int, *, placed: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.norm_attention = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.distance_bias = nn.Parameter(PLACED * placed * torch.eye(heads, window + 1))
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
        context = torch.cat([window, inputs], dim=1)
        qkv = self.qkv(self.norm_attention(context)).to(self.distance_bias.dtype)
        with torch.autocast(inputs.device.type, enabled=False):
            attended = window_attention(qkv, self.distance_bias, time)
        hidden = inputs + self.out(attended)
        return hidden + self.mlp(self.norm_mlp(hidden)), context[:, -self.window :]
