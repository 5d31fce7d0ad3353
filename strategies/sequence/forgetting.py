"""What a trained model still knows of the items of a stream, and what it has forgotten.

The *hit rate* is the share of queries whose answer can be read from one slot: the model answers on
a copy of its state in which only the slot is left that the query reads most. It is measured at the
start of the query's block, so recent tokens are not a source. Merged slots count, for all items
that they answer. Next to it are the hit rates of eviction policies with the task's number of slots
on the same streams (`strategies.sequence.eviction_policies`): among them LRU that stores useful
items only (``lru_filtered``), and one that also drops an item that is queried once at its query
(``lru_roles``).

The *lifetime* of an item is the number of tokens from the end of the block of its first event to
the first block at whose start its value cannot be read, from one slot or, in models without slots,
from the state. An item that is readable at the end is censored. An item that was never stored has
lifetime 0.

Shapes: ``B`` streams, ``G`` blocks, ``J`` events of a block, ``I`` items, ``n`` queries, ``L``
tokens of a query.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from jaxtyping import Bool, Int
from pydantic import JsonValue
from torch import Tensor

from baselines.interface import SequenceModel, map_state
from memnet.model import MemNet
from memnet.recorder import Recorder
from memnet.single_slot import LastRead, with_single_slot
from results.statistics.survival import log_rank, survival
from strategies.sequence.eviction_policies import POLICIES, ItemEvent, hits, optimal_hits
from strategies.sequence.item_streams import ITEM_ROLES, NO_ITEM, ItemStream, ItemTask

S = TypeVar("S")

SURVIVAL_STREAMS = 4
"""Streams whose items are followed, the first ones."""

SURVIVAL_TOKENS = 1024
"""Tokens of these streams up to which items are followed."""

AT_ONCE = 1024
"""Queries answered at a time, on copies of the state."""


@dataclass(slots=True, kw_only=True)
class Dynamics:
    """Measurements of forgetting.

    Attributes:
        metrics: Hit rates, mean lifetimes, and p values of log-rank tests, by name.
        curves: ``hit_rate_by_age`` ``[[blocks since the item's last event, hit rate, n], …]``;
            ``memory_over_time`` ``[[tokens, hit rate, write rate, reuse, read entropy, occupancy,
            mean log retention at eviction], …]`` per block; ``survival_GROUP`` ``[[tokens, share,
            low, high], …]`` for each role, for useful and useless items, and for items shown once
            and several times.
    """

    metrics: dict[str, float | None] = field(default_factory=dict)
    curves: dict[str, JsonValue] = field(default_factory=dict)


@torch.inference_mode()
def forgetting_dynamics(
    model: SequenceModel,
    task: ItemTask,
    count: int,
    draws: torch.Generator,
    progress: Callable[[float], None],
) -> Dynamics:
    """Measure what a model forgets on streams of the task's largest length.

    Args:
        model: The trained model.
        task: The task.
        count: Number of streams.
        draws: Source of the streams.
        progress: Receives the fraction done.
    """
    model.eval()
    stream = task.item_stream(max(task.distances), count, draws)
    found = Dynamics(metrics=_policy_hit_rates(stream, task.slots))
    queries = task.item_queries(stream)
    answered: list[tuple[int, int, bool]] = []
    lives = _Lives(stream)
    state: Any = model.initial_state(count)
    state = map_state(lambda tensor: tensor.to(next(model.parameters()).device), state)
    over_time: list[JsonValue] = []
    for block in range(stream.item.shape[1]):
        rows, items = _queried(stream, block)
        hit = _readable(model, state, queries, stream.value, rows, items)
        ages = _ages(stream, block, rows, items)
        answered += zip(ages, [block] * len(ages), hit.tolist(), strict=True)
        if (followed := lives.followed(block)) is not None:
            lives.saw(block, _readable(model, state, queries, stream.value, *followed))
        recorder = Recorder()
        tokens = stream.batch.inputs[
            :, block * stream.block_tokens : (block + 1) * stream.block_tokens
        ]
        state = _advance(model, state, tokens, recorder)
        statistics = recorder.statistics()
        over_time.append(
            [
                float((block + 1) * stream.block_tokens),
                float(hit.double().mean()) if len(hit) else None,
                *(statistics[name] for name in STATISTICS),
            ]
        )
        progress((block + 1) / stream.item.shape[1])
    hit_all = [hit for _, _, hit in answered]
    found.metrics["hit_rate"] = sum(hit_all) / len(hit_all) if hit_all else None
    found.curves["memory_over_time"] = over_time
    found.curves["hit_rate_by_age"] = _by_age(answered)
    lives.summarise(found)
    return found


STATISTICS = ("write_rate", "reuse", "read_entropy", "occupancy", "eviction_retention")
"""Columns of ``memory_over_time`` after the tokens and the hit rate."""


def _policy_hit_rates(stream: ItemStream, slots: int) -> dict[str, float | None]:
    """Return the hit rate of each policy over all queries of the streams."""
    found: dict[str, list[bool]] = {}
    for number, (events, worth, once) in enumerate(_events(stream)):
        for policy in POLICIES:
            found.setdefault(policy, []).extend(hits(events, slots, policy, seed=number))
        found.setdefault("lru_filtered", []).extend(hits(events, slots, "lru", worth=worth))
        found.setdefault("lru_roles", []).extend(hits(events, slots, "lru", worth=worth, once=once))
        found.setdefault("optimal", []).extend(optimal_hits(events, slots))
    return {
        f"hit_rate_{name}": sum(each) / len(each) if each else None for name, each in found.items()
    }


def _events(stream: ItemStream) -> Iterator[tuple[list[ItemEvent], set[int], set[int]]]:
    """Yield the events of each stream, its useful items, and those that are queried once."""
    for items, queries, roles in zip(
        stream.item.flatten(1).tolist(),
        stream.query.flatten(1).tolist(),
        stream.role.tolist(),
        strict=True,
    ):
        events = [ItemEvent(*pair) for pair in zip(items, queries, strict=True)]
        named = {item: ITEM_ROLES[role] for item, role in enumerate(roles) if role != NO_ITEM}
        useful = {item for item, role in named.items() if role != "never"}
        yield events, useful, {item for item in useful if named[item] == "once"}


def _queried(stream: ItemStream, block: int) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Return the stream and the item of each query of a block."""
    rows, places = torch.nonzero(stream.query[:, block], as_tuple=True)
    return rows, stream.item[rows, block, places]


def _ages(
    stream: ItemStream, block: int, rows: Int[Tensor, " n"], items: Int[Tensor, " n"]
) -> list[int]:
    """Return the blocks from each item's last block with an event to this one."""
    before = (stream.item[rows, : max(block, 1)] == items[:, None, None]).any(2)
    last = torch.where(before, torch.arange(before.shape[1]), -1).amax(1)
    return [int(age) for age in block - last]


def _by_age(answered: list[tuple[int, int, bool]]) -> JsonValue:
    grouped: dict[int, list[bool]] = {}
    for age, _, hit in answered:
        grouped.setdefault(age, []).append(hit)
    return [
        [float(age), sum(each) / len(each), float(len(each))]
        for age, each in sorted(grouped.items())
    ]


def _advance(model: SequenceModel, state: Any, tokens: Tensor, recorder: Recorder) -> Any:
    device = next(model.parameters()).device
    none = torch.zeros(len(tokens), 0, dtype=torch.int64, device=device)
    return model(tokens.to(device), state, positions=none, record=recorder).state


def _readable(
    model: SequenceModel,
    state: Any,
    queries: Int[Tensor, "B I L"],
    values: Int[Tensor, "B I"],
    rows: Int[Tensor, " n"],
    items: Int[Tensor, " n"],
) -> Bool[Tensor, " n"]:
    """Return of which items the value can be read: from one slot, or from a state without slots."""
    device = next(model.parameters()).device
    correct = []
    for row, item in zip(rows.split(AT_ONCE), items.split(AT_ONCE), strict=True):
        copies = _copies(state, row.to(device))
        inputs = queries[row, item].to(device)
        target = values[row, item].to(device)
        if isinstance(model, MemNet):
            correct.append(_read_from_one_slot(model, copies, inputs, target))
        else:
            correct.append(_answers(model, copies, inputs) == target)
    return torch.cat(correct).cpu() if correct else torch.zeros(0, dtype=torch.bool)


def _copies(state: S, rows: Int[Tensor, " n"]) -> S:
    return map_state(lambda tensor: tensor[rows], state)


def _answers(
    model: SequenceModel, state: Any, inputs: Int[Tensor, "n L"], record: Recorder | None = None
) -> Int[Tensor, " n"]:
    last = torch.full((len(inputs), 1), inputs.shape[1] - 1, device=inputs.device)
    logits: Tensor = model(inputs, state, positions=last, record=record).logits
    return logits[:, 0].argmax(-1)


def _read_from_one_slot(
    model: Any, state: Any, inputs: Int[Tensor, "n L"], target: Int[Tensor, " n"]
) -> Bool[Tensor, " n"]:
    """Return where the slot that a head reads most answers the query alone, in any head."""
    slots = state.slots.strength.shape[-1]
    correct = torch.zeros(len(inputs), dtype=torch.bool, device=inputs.device)
    if not slots:
        return correct
    read = LastRead()
    _answers(model, state, inputs, read)
    assert read.weights is not None
    best = read.weights[..., :slots].max(-1)
    for head in range(best.indices.shape[1]):
        single = with_single_slot(state, model.config, head, best.indices[:, head])
        answer = _answers(model, single, inputs)
        correct |= (answer == target) & (best.values[:, head] > 0)
    return correct


class _Lives:
    """Follows the items of the first streams until they are forgotten.

    Args:
        stream: The streams.
    """

    def __init__(self, stream: ItemStream) -> None:
        self.stream = stream
        self.blocks = min(stream.item.shape[1], SURVIVAL_TOKENS // stream.block_tokens)
        items = stream.item[:SURVIVAL_STREAMS]
        limit = stream.role.shape[1]
        shown = torch.zeros(len(items), limit, dtype=torch.int64)
        first = torch.full((len(items), limit), self.blocks)
        for block in range(self.blocks - 1, -1, -1):
            first.scatter_(1, items[:, block], block)
            shown.scatter_add_(1, items[:, block], (~stream.query[: len(items), block]).long())
        self.first, self.shown = first, shown
        self.alive = torch.ones_like(first, dtype=torch.bool)
        self.end = torch.full_like(first, self.blocks)
        self._asked: tuple[Tensor, Tensor] | None = None

    def followed(self, block: int) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]] | None:
        """Return the items that are not forgotten yet, or None after the last block."""
        if block > self.blocks:
            return None
        known = self.alive & (self.first < block)
        rows, items = torch.nonzero(known, as_tuple=True)
        self._asked = (rows, items)
        return rows, items

    def saw(self, block: int, readable: Bool[Tensor, " n"]) -> None:
        """Note which of them can be read at the start of a block."""
        assert self._asked is not None
        rows, items = (index[~readable] for index in self._asked)
        self.alive[rows, items] = False
        self.end[rows, items] = block

    def summarise(self, found: Dynamics) -> None:
        """Add the survival of each group, and the tests between groups."""
        seen = self.first < self.blocks
        role = self.stream.role[: len(self.first)]
        groups = {name: seen & (role == index) for index, name in enumerate(ITEM_ROLES)}
        groups["useful"] = groups["again"] | groups["once"]
        groups["useless"] = groups["never"]
        groups["shown_once"] = seen & (self.shown == 1)
        groups["repeated"] = seen & (self.shown > 1)
        tokens = (self.end - self.first - 1) * self.stream.block_tokens
        sample = {
            name: (tokens[group].tolist(), self.alive[group].tolist())
            for name, group in groups.items()
        }
        for name, (lifetime, censored) in sample.items():
            curve = survival(lifetime, censored)
            columns = ("time", "survival", "low", "high")
            found.curves[f"survival_{name}"] = [
                list(row) for row in zip(*(curve[column] for column in columns), strict=True)
            ]
            found.metrics[f"lifetime_{name}"] = curve["mean"]
        found.metrics["log_rank_p_usefulness"] = log_rank(*sample["useful"], *sample["useless"])
        found.metrics["log_rank_p_frequency"] = log_rank(*sample["repeated"], *sample["shown_once"])
