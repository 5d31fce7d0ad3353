"""RMT: a Transformer that passes memory tokens from segment to segment (Bulatov et al. 2022).

The package gives ``RecurrentMemoryTransformer``: a segment is placed between read memory tokens and
write memory tokens. Its steps attend to the read tokens and to earlier steps, the write tokens
attend to all, and the next segment reads their outputs.

Changes to the package: encoder and head are those of this project; write tokens are initialised
with the read tokens, with their gradient, as in the paper (the package omits that by default); as
in the paper, there is no cache of the last segment's keys and values, one residual stream, and full
gradients into the embedding. Gradients pass through all segments of a training sequence.

Legend: ``B`` batch, ``T`` time, ``M`` memory tokens, ``D`` width.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from recurrent_memory_transformer_pytorch import RecurrentMemoryTransformer
from torch import Tensor, nn

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.peers._segments import SegmentModel

VERSION = 1
TITLE = "RMT"
REQUIRES = ("recurrent-memory-transformer-pytorch",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D.
        layers: Attention layers, each followed by a feed-forward layer.
        heads: Attention heads.
        tokens: Memory tokens M.
        span: Steps of a segment.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    tokens: int = 16
    span: int = 64

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            tokens=self.tokens,
            span=self.span,
        )
        if self.width % self.heads:
            raise ValueError(f"width = {self.width} must be a multiple of heads = {self.heads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RMTMemory:
    """The memory tokens that the last segment wrote."""

    tokens: Float[Tensor, "B M D"]


class RMT(SegmentModel):
    """Encoder, recurrent memory Transformer, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__(signature, config.width, config.span)
        self.shape = (config.tokens, config.width)
        self.transformer = RecurrentMemoryTransformer(
            config.width,
            num_tokens=1,
            depth=config.layers,
            num_memory_tokens=config.tokens,
            seq_len=config.span,
            dim_head=config.width // config.heads,
            heads=config.heads,
            use_xl_memories=False,
            emb_gradient_frac=1.0,
            add_write_to_next_write_mem=True,
            next_write_mem_stop_grad=False,
            num_residual_streams=1,
        )
        self.transformer.token_emb.register_parameter("weight", None)
        self.transformer.to_logits = nn.Identity()

    def initial_memory(self, batch: int) -> RMTMemory:
        """Return zeros.

        The first segment then reads the embedding of the read positions only.
        """
        return RMTMemory(tokens=next(self.parameters()).new_zeros(batch, *self.shape))

    def read(
        self, hidden: Float[Tensor, "B T D"], memory: RMTMemory
    ) -> tuple[Float[Tensor, "B T D"], RMTMemory]:
        """See :class:`baselines.peers._segments.SegmentModel`."""
        outputs, tokens = [], memory.tokens
        for segment in hidden.split(self.span, dim=1):
            found, tokens = self._segment(segment, tokens)
            outputs.append(found)
        return torch.cat(outputs, dim=1), RMTMemory(tokens=tokens)

    def _segment(self, segment: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        # The package reads only tokens: for this call its embedding is replaced by one whose rows
        # are the steps' vectors.
        places = torch.arange(segment.shape[0] * segment.shape[1], device=segment.device).view(
            segment.shape[:2]
        )
        given = {"token_emb.weight": segment.flatten(0, 1)}
        found, written, _ = torch.func.functional_call(self.transformer, given, (places, tokens))
        return found, written


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return RMT(config, signature)
