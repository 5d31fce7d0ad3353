"""Encoder and output head: tokens or features to vectors, vectors to logits.

Baselines use the same encoder and output head, so that no model has an advantage there.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional


class Encoder(nn.Module):
    """Embed tokens ``[B, T]`` or project features ``[B, T, F]`` to vectors ``[B, T, D]``.

    The vectors initially have unit mean square.

    Args:
        vocabulary: Token types, or None for features.
        features: Features per step, or None for tokens.
        width: D.

    Raises:
        ValueError: Unless exactly one of ``vocabulary`` and ``features`` is given.
    """

    def __init__(self, vocabulary: int | None, features: int | None, width: int) -> None:
        super().__init__()
        if (vocabulary is None) == (features is None):
            raise ValueError(
                f"give either a vocabulary or a number of features, not {vocabulary} and {features}"
            )
        self.width = width
        self.embedding = nn.Embedding(vocabulary, width) if vocabulary is not None else None
        self.projection = nn.Linear(features, width) if features is not None else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(
        self, inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"]
    ) -> Float[Tensor, "B T D"]:
        """Encode a piece of a sequence."""
        vectors: Tensor
        if self.embedding is not None:
            vectors = self.embedding(inputs) * self.width**0.5
        else:
            assert self.projection is not None
            vectors = self.projection(inputs)
        return vectors


class Head(nn.Module):
    """Map vectors to logits.

    If the outputs are tokens, the weights are those of the embedding (Press & Wolf 2017, tied
    embeddings).

    Args:
        encoder: The encoder, whose embedding is shared if its vocabulary is the set of outputs.
        outputs: Number of classes V.
    """

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        width = encoder.width
        self.norm = nn.RMSNorm(width)
        tied = encoder.embedding is not None and encoder.embedding.num_embeddings == outputs
        self.tied = encoder.embedding if tied else None
        self.linear = None if tied else nn.Linear(width, outputs)
        self.bias = nn.Parameter(torch.zeros(outputs)) if tied else None

    def forward(self, hidden: Float[Tensor, "B P D"]) -> Float[Tensor, "B P V"]:
        """Return logits."""
        hidden = self.norm(hidden)
        if self.tied is not None:
            return functional.linear(hidden, self.tied.weight, self.bias)
        assert self.linear is not None
        logits: Tensor = self.linear(hidden)
        return logits


def at_positions(
    hidden: Float[Tensor, "B T D"], positions: Int[Tensor, "B P"] | None
) -> Float[Tensor, "B P D"]:
    """Select the vectors at the given positions; all of them if ``positions`` is None."""
    if positions is None:
        return hidden
    if hidden.shape[1] == 1:  # a single position: nothing is copied
        return hidden.expand(-1, positions.shape[1], -1)
    return hidden.gather(1, positions.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))
