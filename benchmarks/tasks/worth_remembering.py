"""Worth remembering: more facts than any memory can hold, of which the context shows the useful.

A fact is four tokens: the context, a kind, a key, a value. The context is the same throughout a
stream, and shows which kinds are useful there: items of one kind are queried again and again, those
of another kind once, those of the other kinds never. There are two contexts, and no kind is useful
in both: in the second one the roles of the kinds are shifted by half their number. Useless items
have keys and values of the same types, and facts are repeated whatever their role, so neither a
token's type nor frequency shows what to store. A query is four tokens: the context, the query
token, a key, and the value, which is the target at the key.

A stream is made of blocks of 16 events: up to 4 queries, about items of earlier blocks, then facts.
A useful item is queried with a probability that falls with its age. Keys are not used twice in a
stream. A distance is the length of the stream in tokens.

In addition to accuracy, the evaluation reports the hit rate of slots, against policies of caches
with as many slots, and the survival of items by usefulness, frequency and age
(`strategies.sequence.forgetting`).

Shapes: ``B`` streams, ``T`` tokens, ``G`` blocks, ``J`` events of a block, ``I`` items.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose
from strategies.sequence.item_streams import NO_ITEM, ItemStream, ItemTask
from strategies.sequence.task import Batch, EvaluationBatch

VERSION = 2
TITLE = "Worth remembering"
PRIMARY = "accuracy_at_4096"
CHANCE = 0.015625
CHANCE_GIVEN = {"values": (64,)}

CONTEXTS = 2

BLOCK_EVENTS = 16
"""Events of a block."""

BLOCK_QUERIES = 4
"""Largest number of queries in a block."""

EVENT_TOKENS = 4
"""Tokens of an event."""

BLOCK_TOKENS = BLOCK_EVENTS * EVENT_TOKENS
"""Tokens of a block."""

AGAIN, ONCE, NEVER = range(3)
"""Indices in `strategies.sequence.item_streams.ITEM_ROLES`."""

REPEATABLE = 48
"""A repeated fact is one of so many last items."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        kinds: Kinds of item, an even number of at least 4; two are useful in each context.
        keys: Types of key; at most so many items are in a stream.
        values: Types of value.
        repeated: Probability that a fact is one of an earlier item.
        lifetime: Number of blocks in which the weight of a useful item, by which queries choose,
            falls to 1/e; from twice as many on it is not queried.
        slots: Slots of the policies that the evaluation simulates.
        train_length: Length of a training sequence.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams per distance.
        furthest: Largest evaluation length, a power of two.
    """

    kinds: int = 4
    keys: int = 1024
    values: int = 64
    repeated: float = 0.25
    lifetime: float = 10.0
    slots: int = 16
    train_length: int = 256
    steps: int = 1200
    batch_size: int = 16
    streams: int = 16
    furthest: int = 4096

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            slots=self.slots,
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
        )
        if self.kinds < 4 or self.kinds % 2:
            raise ValueError(f"kinds = {self.kinds} must be an even number, at least 4")
        if self.values < 2:
            raise ValueError(f"values = {self.values} must be at least 2")
        if not 0 <= self.repeated < 1:
            raise ValueError(f"repeated = {self.repeated} must be at least 0 and below 1")
        if not self.lifetime > 0:
            raise ValueError(f"lifetime = {self.lifetime} must be above 0")
        if self.train_length < 2 * BLOCK_TOKENS or self.train_length % BLOCK_TOKENS:
            raise ValueError(
                f"train_length = {self.train_length} must be a multiple of {BLOCK_TOKENS}, "
                f"at least {2 * BLOCK_TOKENS}"
            )
        if self.furthest < self.train_length:
            raise ValueError(
                f"furthest = {self.furthest} must be at least train_length = {self.train_length}"
            )
        if self.keys < self.furthest // EVENT_TOKENS:
            raise ValueError(
                f"keys = {self.keys} must be at least {self.furthest // EVENT_TOKENS}, "
                f"the events of a stream of furthest = {self.furthest} tokens"
            )


class WorthRemembering(ItemTask):
    """The worth-remembering task.

    Tokens: keys, then values, then kinds, then contexts, then the query token. Chance is ``1 /
    values``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.slots = config.slots
        self.distances = [
            config.train_length * 4**power
            for power in range(16)
            if config.train_length * 4**power <= config.furthest
        ]
        self._first_kind = config.keys + config.values
        self._first_context = self._first_kind + config.kinds
        self.query_token: int = self._first_context + CONTEXTS
        types = self.query_token + 1
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw training sequences."""
        return self.item_stream(self.config.train_length, batch, generator).batch

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw streams of every length."""
        for length in self.distances:
            yield EvaluationBatch(
                distance=length, batch=self.item_stream(length, batch, generator).batch
            )

    def item_stream(self, length: int, batch: int, generator: torch.Generator) -> ItemStream:
        """Draw streams of ``length`` tokens, a multiple of 64."""
        config, blocks = self.config, length // BLOCK_TOKENS
        limit = blocks * BLOCK_EVENTS
        kind = torch.randint(config.kinds, (batch, limit), generator=generator)
        context = torch.randint(CONTEXTS, (batch, 1), generator=generator)
        shift = config.kinds // CONTEXTS
        role = ((kind - shift * context) % config.kinds).clamp_max(NEVER)
        key = choose(config.keys, limit, batch, generator)
        value = config.keys + torch.randint(config.values, (batch, limit), generator=generator)
        item, query = self._events(role, blocks, generator)
        count = item.flatten(1).amax(1, keepdim=True) + 1
        role = torch.where(torch.arange(limit) < count, role, NO_ITEM)
        every, queried = item.flatten(1), query.flatten(1)
        events = torch.stack(
            [
                (self._first_context + context).expand_as(every),
                torch.where(queried, self.query_token, self._first_kind + kind.gather(1, every)),
                key.gather(1, every),
                value.gather(1, every),
            ],
            dim=-1,
        )
        order = (~queried).int().argsort(dim=1, stable=True)[:, : int(queried.sum(1).max())]
        return ItemStream(
            batch=Batch(
                inputs=events.flatten(1),
                positions=order * EVENT_TOKENS + EVENT_TOKENS - 2,
                targets=value.gather(1, every.gather(1, order)),
                mask=queried.gather(1, order),
            ),
            item=item,
            query=query,
            role=role,
            key=key,
            value=value,
        )

    def item_queries(self, stream: ItemStream) -> Int[Tensor, "B I 3"]:
        """Return for each item the context, the query token and its key."""
        context = stream.batch.inputs[:, :1].expand_as(stream.key)
        return torch.stack(
            [context, torch.full_like(stream.key, self.query_token), stream.key], dim=-1
        )

    def _events(
        self, role: Int[Tensor, "B I"], blocks: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, "B G J"], Tensor]:
        """Draw the item of each event, and which events are queries.

        Of the useful items, those of largest ``log weight + Gumbel noise`` are queried: a draw
        without replacement (Kool et al. 2019). The weight of an item of age a is
        ``exp(−a / lifetime)``, up to twice the lifetime.
        """
        batch, limit = role.shape
        rows = torch.arange(batch)
        born = torch.full((batch, limit), blocks)
        pending = role < NEVER
        count = torch.zeros(batch, dtype=torch.int64)
        items, queries = [], []
        for block in range(blocks):
            weight = (born - block) / self.config.lifetime + gumbel((batch, limit), generator)
            ready = pending & (born < block) & (block - born < 2 * self.config.lifetime)
            best = weight.masked_fill(~ready, -torch.inf).topk(min(BLOCK_QUERIES, limit), dim=1)
            queried = best.values > -torch.inf
            pending[rows[:, None].expand_as(queried)[queried], best.indices[queried]] &= (
                role.gather(1, best.indices)[queried] == AGAIN
            )
            again = torch.rand(batch, BLOCK_EVENTS, generator=generator) < self.config.repeated
            back = torch.rand(batch, BLOCK_EVENTS, generator=generator)
            for event in range(BLOCK_EVENTS):
                query = (
                    queried[:, event]
                    if event < BLOCK_QUERIES
                    else torch.zeros(batch, dtype=torch.bool)
                )
                repeat = ~query & again[:, event] & (count > 0)
                fresh = ~query & ~repeat
                earlier = count - 1 - (back[:, event] * count.clamp_max(REPEATABLE)).long()
                item = torch.where(repeat, earlier, count)
                if event < BLOCK_QUERIES:
                    item = torch.where(query, best.indices[:, event], item)
                born[rows[fresh], count[fresh]] = block
                count = count + fresh
                items.append(item)
                queries.append(query)
        shape = (batch, blocks, BLOCK_EVENTS)
        return torch.stack(items, 1).view(shape), torch.stack(queries, 1).view(shape)


def gumbel(shape: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "B I"]:
    """Draw standard Gumbel noise."""
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64).clamp_min(1e-12)
    return -torch.log(-torch.log(drawn))


def build(config: Config) -> WorthRemembering:
    """Build the task."""
    return WorthRemembering(config)
