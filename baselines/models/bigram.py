"""Control: a table of the last successors of each token, with a few trained weights."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from baselines.models._next_token import shared_vocabulary

VERSION = 1
TITLE = "Bigram table (control)"
ROLE = "control"
INPUTS = ("tokens",)
OVERFITS = False

LAST = 4.0
"""Initial weight of the last successor.

Each earlier successor has half the weight of the following one, so that the last one wins.
"""

NONE = -1
"""Table entry without a successor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options: ``depth``, the number of last successors stored for each token."""

    depth: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(depth=self.depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class BigramState:
    """The part of the sequence read so far.

    Attributes:
        successors: The last successors of each token, the last one first; ``NONE`` if there were
            fewer.
        counts: How often each token has occurred.
        previous: The last token; V before the first.
    """

    successors: Int[Tensor, "B V R"]
    counts: Int[Tensor, "B V"]
    previous: Int[Tensor, "B 1"]


class Bigram(SequenceModel):
    """A rule with a few weights, which solves tasks that need no more.

    With s_r(t) the successor of the r-th last occurrence of the present token, and n_v(t) the
    number of occurrences of token v,

        logit_v(t) = Σ_r w_r [s_r(t) = v] + c·log(1 + n_v(t)) + b_v.

    Legend: ``B`` batch, ``T`` time, ``P`` query positions, ``V`` tokens, ``R`` depth.
    """

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.depth, self.vocabulary = config.depth, vocabulary
        self.recency = nn.Parameter(LAST * 0.5 ** torch.arange(config.depth))
        self.frequency = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def initial_state(self, batch: int) -> BigramState:
        """Return an empty table."""
        zeros = torch.zeros(
            batch, self.vocabulary, self.depth, dtype=torch.int32, device=self.bias.device
        )
        return BigramState(
            successors=zeros + NONE,
            counts=zeros[..., 0].clone(),
            previous=torch.full((batch, 1), self.vocabulary, device=self.bias.device),
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"],
        state: BigramState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        if positions is None:
            positions = torch.arange(inputs.shape[1], device=inputs.device).expand(
                inputs.shape[0], -1
            )
        tokens = torch.cat([state.previous, inputs], dim=1)
        order = _sort(tokens)
        found = _look_up(tokens, order, positions + 1, state.successors)
        counts = _count(inputs, positions, state.counts)
        base = self.frequency * counts.to(self.bias.dtype).log1p() + self.bias
        logits = base.scatter_add(2, found.clamp_min(0), self.recency * (found != NONE))
        after = BigramState(
            successors=_write(tokens, order, state.successors),
            counts=state.counts + _histogram(inputs, self.vocabulary),
            previous=tokens[:, -1:],
        )
        return ModelOutput(logits=logits, state=after)


class _Order(NamedTuple):
    """Tokens sorted by type, and those of a type by time.

    Attributes:
        times: Time of each of the sorted tokens.
        places: Index of each token in the sorted order.
        ranks: How many tokens of its type precede each token.
    """

    times: Int[Tensor, "B T"]
    places: Int[Tensor, "B T"]
    ranks: Int[Tensor, "B T"]


def _sort(tokens: Int[Tensor, "B T"]) -> _Order:
    ordered, times = tokens.sort(dim=1, stable=True)
    index = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    places = torch.empty_like(times).scatter_(1, times, index)
    first = functional.pad(ordered[:, 1:] != ordered[:, :-1], (1, 0), value=True)
    ranks = index - torch.where(first, index, 0).cummax(dim=1).values
    return _Order(times=times, places=places, ranks=ranks.gather(1, places))


def _look_up(
    tokens: Int[Tensor, "B T"],
    order: _Order,
    queried: Int[Tensor, "B P"],
    table: Int[Tensor, "B V R"],
) -> Int[Tensor, "B P R"]:
    """Return the last successors of the tokens at the times ``queried``.

    The successors since the table was written are first, then those in the table.
    """
    depth = table.shape[-1]
    back = torch.arange(1, depth + 1, device=tokens.device)
    rank, place = (part.gather(1, queried).unsqueeze(-1) for part in (order.ranks, order.places))
    times = order.times.gather(1, (place - back).clamp_min(0).flatten(1))
    since = tokens.gather(1, (times + 1).clamp_max(tokens.shape[1] - 1)).unflatten(1, (-1, depth))
    rows = table.gather(1, tokens.gather(1, queried).unsqueeze(-1).expand(-1, -1, depth)).long()
    return torch.where(rank >= back, since, rows.gather(2, (back - 1 - rank).clamp_min(0)))


def _write(
    tokens: Int[Tensor, "B T"], order: _Order, table: Int[Tensor, "B V R"]
) -> Int[Tensor, "B V R"]:
    """Return the table with the successors of all tokens but the last."""
    vocabulary, depth = table.shape[1:]
    sources, rank = tokens[:, :-1], order.ranks[:, :-1]
    # A row after the last token takes the discarded values: the successor of the start, and all but
    # the last R of any token.
    new = _histogram(sources, vocabulary + 1)
    shifted = torch.arange(depth, device=tokens.device) - new.unsqueeze(-1)
    rows = functional.pad(table, (0, 0, 0, 1), value=NONE).gather(2, shifted.clamp_min(0))
    age = new.gather(1, sources) - 1 - rank
    cells = torch.where(age < depth, sources * depth + age, vocabulary * depth)
    written = rows.flatten(1).scatter(1, cells, tokens[:, 1:].to(table.dtype))
    updated: Tensor = written.unflatten(1, (-1, depth))[:, :vocabulary]
    return updated.contiguous()


def _count(
    inputs: Int[Tensor, "B T"], positions: Int[Tensor, "B P"], before: Int[Tensor, "B V"]
) -> Int[Tensor, "B P V"]:
    """Return how often each token has occurred up to each position."""
    rising, order = positions.sort(dim=1)
    times = torch.arange(inputs.shape[1], device=inputs.device).expand_as(inputs)
    counted_at = torch.searchsorted(
        rising, times.contiguous()
    )  # the first of the positions that sees it; P if none does
    count, vocabulary = positions.shape[1], before.shape[1]
    fresh = _histogram(counted_at * vocabulary + inputs, (count + 1) * vocabulary).unflatten(
        1, (count + 1, vocabulary)
    )
    seen = before.unsqueeze(1) + fresh[:, :count].cumsum(dim=1, dtype=torch.int32)
    back = order.argsort(dim=1).unsqueeze(-1).expand_as(seen)
    counts: Tensor = seen.gather(1, back)
    return counts


def _histogram(cells: Int[Tensor, "B T"], count: int) -> Int[Tensor, "B count"]:
    counts = torch.zeros(len(cells), count, dtype=torch.int32, device=cells.device)
    counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=torch.int32))
    return counts


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model.

    Raises:
        UsageError: If inputs and targets are not tokens of one vocabulary: only a token can follow
            another.
    """
    return Bigram(config, shared_vocabulary(signature, "bigram"))
