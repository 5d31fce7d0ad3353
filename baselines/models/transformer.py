"""Transformer: causal self-attention within a window, which is the state that is carried.

From Vaswani et al. 2017 and Beltagy et al. 2020.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

VERSION = 1
TITLE = "Transformer (windowed)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D.
        layers: Blocks.
        heads: Attention heads.
        window: Earlier tokens that a token attends to, per layer; None for all of them.
        longest: Longest sequence if there is no window; longer ones are not evaluated.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    window: int | None = 64
    longest: int = 8192

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, layers=self.layers, heads=self.heads, longest=self.longest)
        if self.window is not None:
            check_positive(window=self.window)
        if self.width % (2 * self.heads):
            raise ValueError(
                f"width = {self.width} must be a multiple of twice heads = {self.heads}, since "
                "positions turn pairs of coordinates"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerState:
    """Keys and values that are still within the window, per layer, before rotation."""

    keys: Float[Tensor, "B layers heads W d"]
    values: Float[Tensor, "B layers heads W d"]


class AttentionBlock(nn.Module):
    """Pre-norm attention with rotary positions and an MLP of four times the width.

    Rotary positions are from Su et al. 2021.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.norm_mlp = nn.RMSNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(
        self,
        hidden: Float[Tensor, "B T D"],
        keys: Float[Tensor, "B heads W d"],
        values: Float[Tensor, "B heads W d"],
        mask: Bool[Tensor, "T W+T"],
    ) -> tuple[
        Float[Tensor, "B T D"], Float[Tensor, "B heads W+T d"], Float[Tensor, "B heads W+T d"]
    ]:
        """Return the new hidden states, and the keys and values, those of this piece appended."""
        q, k, v = self.qkv(self.norm_attention(hidden)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        keys, values = torch.cat([keys, k], dim=2), torch.cat([values, v], dim=2)
        # Only differences of positions matter, so indices within the carried window serve as
        # positions at any distance.
        start = keys.shape[2] - q.shape[2]
        attended = functional.scaled_dot_product_attention(
            rotate(q, start), rotate(keys, 0), values, attn_mask=mask
        )
        hidden = hidden + self.out(attended.transpose(1, 2).flatten(2))
        return hidden + self.mlp(self.norm_mlp(hidden)), keys, values


class Transformer(SequenceModel):
    """Encoder, blocks, head; keys and values within the window are carried between pieces."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        if config.window is None:
            self.streaming, self.longest = "bounded", config.longest
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.blocks = nn.ModuleList(
            AttentionBlock(config.width, config.heads) for _ in range(config.layers)
        )
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> TransformerState:
        """Return an empty window."""
        config = self.config
        shape = (batch, config.layers, config.heads, 0, config.width // config.heads)
        empty = next(self.parameters()).new_zeros(shape)
        return TransformerState(keys=empty, values=empty.clone())

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: TransformerState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        outputs = []
        # Pieces of the window's length cost less than one band matrix, and give the same result.
        for piece in torch.split(inputs, self.config.window or inputs.shape[1], dim=1):
            hidden, state = self._piece(piece, state)
            outputs.append(hidden)
        return ModelOutput(
            logits=self.head(at_positions(torch.cat(outputs, dim=1), positions)), state=state
        )

    def _piece(
        self, inputs: Tensor, state: TransformerState
    ) -> tuple[Float[Tensor, "B T D"], TransformerState]:
        hidden = self.encoder(inputs)
        mask = self._mask(inputs.shape[1], state.keys.shape[3], inputs.device)
        carried = []
        for layer, block in enumerate(self.blocks):
            hidden, *pair = block(hidden, state.keys[:, layer], state.values[:, layer], mask)
            carried.append(
                [
                    part if self.config.window is None else part[:, :, -self.config.window :]
                    for part in pair
                ]
            )
        keys, values = (torch.stack(parts, dim=1) for parts in zip(*carried, strict=True))
        return hidden, TransformerState(keys=keys, values=values)

    def _mask(self, count: int, before: int, device: torch.device) -> Bool[Tensor, "T W+T"]:
        distance = (
            torch.arange(count, device=device).unsqueeze(1)
            + before
            - torch.arange(before + count, device=device)
        )
        mask: Tensor = distance >= 0
        return mask if self.config.window is None else mask & (distance <= self.config.window)


def rotate(vectors: Float[Tensor, "B heads T d"], start: int) -> Float[Tensor, "B heads T d"]:
    """Rotate each pair of coordinates by an angle proportional to the position."""
    count, width = vectors.shape[-2:]
    position = torch.arange(
        start, start + count, device=vectors.device, dtype=vectors.dtype
    ).unsqueeze(1)
    rates = 10_000.0 ** -(
        torch.arange(0, width, 2, device=vectors.device, dtype=vectors.dtype) / width
    )
    sine, cosine = (position * rates).sin(), (position * rates).cos()
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    return torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1).flatten(-2)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return Transformer(config, signature)
