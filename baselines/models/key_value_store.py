"""Control: a store of a few (token, next token) pairs that replaces the least recently used one."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from baselines.models._next_token import shared_vocabulary

VERSION = 1
TITLE = "Key-value store, LRU (control)"
ROLE = "control"
INPUTS = ("tokens",)
OVERFITS = False

STRENGTH = 4.0
"""Initial weight of a stored value."""

NONE = -1
"""Key or value of an empty slot."""

QUERIES_AT_ONCE = 64
"""Positions that are looked up at a time, which limits the memory of a look-up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the model.

    Attributes:
        slots: Pairs that fit in the store, of 8 bytes each.
        filter: Whether to store only pairs whose key is of a token type that was queried in
            training.
    """

    slots: int = 256
    filter: bool = False

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(slots=self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueState:
    """The stored pairs.

    Attributes:
        keys: The stored tokens, the most recently used one last; ``NONE`` in empty slots.
        values: The token that followed each of them.
        previous: The last token; ``NONE`` before the first.
    """

    keys: Int[Tensor, "B S"]
    values: Int[Tensor, "B S"]
    previous: Int[Tensor, "B 1"]


class KeyValueStore(SequenceModel):
    """The bound that a few stored pairs set for a trained memory.

    Each token x_t writes the pair x_{t−1} → x_t. A pair replaces the stored one of the same key; if
    there is none and the store is full, the least recently written one. With s(t) the stored value
    of x_t after this write, if there is one,

        logit_v(t) = w [s(t) = v] + b_v.

    With the option ``filter`` only keys of the types in the buffer ``queried`` are written: the
    types of all tokens at query positions so far in training.

    Legend: ``B`` batch, ``T`` time, ``P`` query positions, ``S`` slots, ``W`` writes: the stored
    pairs, then those of a piece.
    """

    queried: Tensor

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.slots, self.filter = config.slots, config.filter
        self.strength = nn.Parameter(torch.tensor(STRENGTH))
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.register_buffer("queried", torch.zeros(vocabulary, dtype=torch.bool))

    def initial_state(self, batch: int) -> KeyValueState:
        """Return an empty store."""
        empty = torch.full((batch, self.slots), NONE, dtype=torch.int32, device=self.bias.device)
        return KeyValueState(keys=empty, values=empty.clone(), previous=empty[:, :1].clone())

    def forward(
        self,
        inputs: Int[Tensor, "B T"],
        state: KeyValueState | None = None,
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
            positions = torch.arange(inputs.shape[1], device=inputs.device).expand_as(inputs)
        queries = inputs.gather(1, positions)
        if self.training:
            self.queried[queries.flatten()] = True
        tokens = torch.cat([state.previous, inputs.int()], dim=1)
        keys = torch.cat([state.keys, self._written_keys(tokens[:, :-1])], dim=1)
        values = torch.cat([state.values, tokens[:, 1:]], dim=1)
        until = _replaced_at(keys)
        found = torch.cat(
            [
                _look_up(keys, values, until, queried, ends, self.slots)
                for queried, ends in zip(
                    queries.split(QUERIES_AT_ONCE, dim=1),
                    (positions + self.slots).split(QUERIES_AT_ONCE, dim=1),
                    strict=True,
                )
            ],
            dim=1,
        ).long()
        base = self.bias.expand(*found.shape, -1)
        weights = self.strength * (found != NONE)
        logits = base.scatter_add(2, found.clamp_min(0).unsqueeze(2), weights.unsqueeze(2))
        keys, values = _most_recent(keys, values, until, self.slots)
        return ModelOutput(
            logits=logits, state=KeyValueState(keys=keys, values=values, previous=tokens[:, -1:])
        )

    def _written_keys(self, tokens: Int[Tensor, "B T"]) -> Int[Tensor, "B T"]:
        """Return the keys, with ``NONE`` for those that the filter excludes."""
        if not self.filter:
            return tokens
        return torch.where(self.queried[tokens.clamp_min(0)], tokens, NONE)


def _replaced_at(keys: Int[Tensor, "B W"]) -> Int[Tensor, "B W"]:
    """Return the next write of the same key: W if there is none, 0 where there is no key."""
    ordered, order = keys.sort(dim=1, stable=True)
    same = functional.pad(ordered[:, 1:] == ordered[:, :-1], (0, 1), value=False)
    following = torch.where(same, functional.pad(order[:, 1:], (0, 1)), keys.shape[1])
    return torch.empty_like(order).scatter_(1, order, following).masked_fill(keys == NONE, 0)


def _look_up(
    keys: Int[Tensor, "B W"],
    values: Int[Tensor, "B W"],
    until: Int[Tensor, "B W"],
    queried: Int[Tensor, "B P"],
    ends: Int[Tensor, "B P"],
    slots: int,
) -> Int[Tensor, "B P"]:
    """Return the value of each queried key after the write at its end; ``NONE`` if there is none.

    The store has the last write of each key, unless ``slots`` other keys were written since.
    """
    index, end = torch.arange(keys.shape[1], device=keys.device), ends.unsqueeze(2)
    last: Bool[Tensor, "B P W"] = (index <= end) & (until.unsqueeze(1) > end)
    match = last & (keys.unsqueeze(1) == queried.unsqueeze(2))
    place = torch.where(match, index, NONE).amax(2)
    newer = (last & (index > place.unsqueeze(2))).sum(2)
    return torch.where(
        (place != NONE) & (newer < slots), values.gather(1, place.clamp_min(0)), NONE
    )


def _most_recent(
    keys: Int[Tensor, "B W"], values: Int[Tensor, "B W"], until: Int[Tensor, "B W"], slots: int
) -> tuple[Int[Tensor, "B S"], Int[Tensor, "B S"]]:
    """Return the most recently written keys and their values, the most recent one last."""
    index = torch.arange(keys.shape[1], device=keys.device)
    last = torch.where(until == keys.shape[1], index, NONE)
    places = last.topk(slots, dim=1).values.flip(1)
    found = (part.gather(1, places.clamp_min(0)) for part in (keys, values))
    stored_keys, stored_values = (torch.where(places != NONE, part, NONE) for part in found)
    return stored_keys, stored_values


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model.

    Raises:
        UsageError: If inputs and targets are not tokens of one vocabulary.
    """
    return KeyValueStore(config, shared_vocabulary(signature, "key-value-store"))
