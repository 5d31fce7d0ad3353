"""Transformer-XL: attention over this segment and cached earlier ones (Dai et al. 2019).

The package gives ``Decoder``: pre-norm attention layers with rotary positions (Su et al. 2021),
each followed by a feed-forward layer. It receives the memory of each layer: its inputs at earlier
steps. No gradient passes into a memory, as in the paper.

Changes to the package: encoder and head are those of this project; rotary positions on whole heads
replace the paper's relative ones; keys have the same first position in each segment, so that only
distances within the carried memory matter.

Legend: ``B`` batch, ``T`` time, ``M`` steps of memory, ``D`` width.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from x_transformers import Decoder

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.peers._segments import SegmentModel

VERSION = 1
TITLE = "Transformer-XL"
REQUIRES = ("x-transformers",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D.
        layers: Attention layers, each followed by a feed-forward layer.
        heads: Attention heads.
        span: Steps of a segment.
        memory: Steps of memory M per layer.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    span: int = 64
    memory: int = 128

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            span=self.span,
            memory=self.memory,
        )
        if self.width % self.heads:
            raise ValueError(f"width = {self.width} must be a multiple of heads = {self.heads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class XTransformerMemory:
    """Inputs of each layer, up to M steps back."""

    hidden: Float[Tensor, "B layers M D"]


class XTransformer(SegmentModel):
    """Encoder, decoder, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__(signature, config.width, config.span)
        self.config = config
        head = config.width // config.heads
        self.decoder = Decoder(
            dim=config.width,
            depth=config.layers,
            heads=config.heads,
            attn_dim_head=head,
            use_rmsnorm=True,
            rotary_pos_emb=True,
            rotary_emb_dim=head,
            verbose=False,
        )

    def initial_memory(self, batch: int) -> XTransformerMemory:
        """Return an empty memory."""
        return XTransformerMemory(
            hidden=next(self.parameters()).new_zeros(
                batch, self.config.layers, 0, self.config.width
            )
        )

    def read(
        self, hidden: Float[Tensor, "B T D"], memory: XTransformerMemory
    ) -> tuple[Float[Tensor, "B T D"], XTransformerMemory]:
        """See :class:`baselines.peers._segments.SegmentModel`."""
        outputs, carried = [], memory.hidden
        for segment in hidden.split(self.span, dim=1):
            found, seen = self.decoder(segment, mems=[*carried.unbind(1)], return_hiddens=True)
            fresh = torch.stack(seen.hiddens, dim=1).detach()
            carried = torch.cat([carried, fresh], dim=2)[:, :, -self.config.memory :]
            outputs.append(found)
        return torch.cat(outputs, dim=1), XTransformerMemory(hidden=carried)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return XTransformer(config, signature)
