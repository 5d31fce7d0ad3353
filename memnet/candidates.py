"""The tokens of a chunk that are candidates for writing.

With gradients, every token is a candidate, since a closed gate is trained too. Without gradients,
only the tokens that write are candidates, so a sparse writer has few entries.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens in the chunk, ``A`` candidates among them.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Candidates:
    """The tokens of a chunk that may write.

    Attributes:
        tokens: Tokens C of the chunk.
        moment: Token of each candidate, in increasing order; rows with fewer candidates are padded
            with the last token. None if every token is a candidate.
    """

    tokens: int
    moment: Int[Tensor, "B H A"] | None = None

    @classmethod
    def among(cls, active: Bool[Tensor, "B H C"]) -> "Candidates":
        """Return the tokens that write as candidates.

        There is at least one candidate, so that no tensor is empty.
        """
        count = active.shape[-1]
        width = max(1, int(active.sum(-1).max()))
        token = torch.arange(count, device=active.device)
        first = torch.where(active, token, count).sort(dim=-1).values[..., :width]
        return cls(tokens=count, moment=first.clamp_max(count - 1))

    def heads(self, first: int) -> "Candidates":
        """Return the candidates of the heads from ``first`` on."""
        return self if self.moment is None else Candidates(self.tokens, self.moment[:, first:])

    def of(self, values: Shaped[Tensor, "B H C *X"]) -> Shaped[Tensor, "B H A *X"]:
        """Select the candidates' part of a tensor over tokens."""
        if self.moment is None:
            return values
        if values.dim() == 3:
            return values.gather(2, self.moment)
        return values.gather(2, self.moment.unsqueeze(-1).expand(-1, -1, -1, values.shape[-1]))

    def those(self, active: Bool[Tensor, "B H C"]) -> Bool[Tensor, "B H A"]:
        """Return which candidates write; a token that pads a row counts once."""
        if self.moment is None:
            return active
        rank = torch.arange(self.moment.shape[-1], device=active.device)
        return self.of(active) & (rank < active.sum(-1, keepdim=True))

    def over_tokens(self, values: Float[Tensor, "B H A"]) -> Float[Tensor, "B H C"]:
        """Scatter values of candidates to the places of their tokens; zeros elsewhere."""
        if self.moment is None:
            return values
        return values.new_zeros(*values.shape[:2], self.tokens).scatter_add(-1, self.moment, values)

    def by(self, token: Int[Tensor, " C"]) -> Bool[Tensor, "... C A"]:
        """Return which candidates are at or before each token."""
        if self.moment is None:
            return token.unsqueeze(0) <= token.unsqueeze(1)
        return self.moment.unsqueeze(2) <= token.unsqueeze(1)

    def times(self, like: Tensor) -> Int[Tensor, "B H A"]:
        """Return the token of each candidate, in the shape of ``like``."""
        if self.moment is None:
            return torch.arange(self.tokens, device=like.device).expand(like.shape)
        return self.moment
