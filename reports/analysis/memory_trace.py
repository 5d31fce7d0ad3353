"""What a memory holds, from the table of a trace.

The table is documented in `memnet.tracing.table`; here it is a data frame whose column ``event``
holds names.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

NONE = -1
"""Entry of an integer column that an event does not use."""

OTHER, TARGET = "token", "target of an answer"
"""Kinds of contents without given kinds."""

CHANGES = ("write", "evict", "place", "merge", "forget")
"""Events that change what a slot holds, in their order after the same number of tokens."""

End = Literal["replaced", "evicted", "merged", "forgotten", "held"]

ENDS: Mapping[str, End] = {"evict": "evicted", "merge": "merged", "forget": "forgotten"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A slot holds a content from ``start`` to ``stop``, counted in tokens or samples.

    Attributes:
        slot: The slot.
        content: Position at which the content was written.
        start: When the slot got it: the position of an immediate write.
        stop: When the slot no longer held it, or the end of the trace.
        end: Why it stopped.
    """

    slot: int
    content: int
    start: int
    stop: int
    end: End


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAnswer:
    """An answer of the model, and its target or None."""

    memory: int
    time: int
    answer: int
    target: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceTable:
    """A trace's table, with names of its tokens.

    Attributes:
        frame: The table.
        names: Names of tokens or classes; others are named by their number.
        kinds: Kinds of tokens.
        pairs: Heads whose slots hold a pair: the token and the one before it.
        answers: Answers of the model.
        title: What was traced.
    """

    frame: pd.DataFrame
    names: Mapping[int, str] = field(default_factory=dict)
    kinds: Mapping[int, str] = field(default_factory=dict)
    pairs: frozenset[int] = frozenset()
    answers: tuple[TracedAnswer, ...] = ()
    title: str = ""
    _cache: dict[int, dict[int, int]] = field(default_factory=dict, repr=False, compare=False)

    def _tokens_of(self, memory: int) -> dict[int, int]:
        if memory not in self._cache:
            self._cache[memory] = self.tokens(memory)
        return self._cache[memory]

    @property
    def heads(self) -> list[int]:
        """The heads, in order."""
        return sorted(int(head) for head in self.frame["head"].unique() if head != NONE)

    @property
    def memories(self) -> list[int]:
        """The memories, in order."""
        return sorted(int(memory) for memory in self.frame["memory"].unique())

    def of(self, event: str, memory: int, head: int | None = None) -> pd.DataFrame:
        """Return the rows of an event in a memory, and in a head if given."""
        frame = self.frame
        chosen = (frame["event"] == event) & (frame["memory"] == memory)
        if head is not None:
            chosen &= frame["head"] == head
        return frame[chosen]

    def tokens(self, memory: int) -> dict[int, int]:
        """Return the token at each position; of a stream, the class of each stored sample."""
        rows = self.of("token", memory)
        if len(rows):
            return dict(zip(rows["time"].tolist(), rows["token"].tolist(), strict=True))
        rows = self.of("place", memory)
        return dict(zip(rows["content"].tolist(), rows["token"].tolist(), strict=True))

    def name(self, token: int) -> str:
        """Return the name of a token."""
        return self.names.get(token, str(token) if token != NONE else "")

    def label(self, content: int, tokens: Mapping[int, int], head: int) -> str:
        """Return the name of a content: its token, and the one before it if the head binds both."""
        own = self.name(tokens.get(content, NONE)) or str(content)
        if head in self.pairs and content - 1 in tokens and (tokens[content - 1] != NONE):
            return f"{self.name(tokens[content - 1])}→{own}"
        return own

    def kind(self, content: int, memory: int) -> str:
        """Return the kind of a content.

        Without kinds of tokens, it is whether the token is the target of an answer.
        """
        token = self._tokens_of(memory).get(content, NONE)
        if self.kinds:
            return self.kinds.get(token, OTHER)
        targets = {one.target for one in self.answers if one.memory == memory} - {None}
        return OTHER if not targets else TARGET if token in targets else "other token"

    def end(self, memory: int) -> int:
        """Return the number of tokens or samples read."""
        frame = self.frame[self.frame["memory"] == memory]
        read = frame.loc[frame["event"] == "token", "time"]
        return int(read.max()) + 1 if len(read) else int(frame["time"].max())


def holdings(table: TraceTable, memory: int, head: int) -> list[Holding]:
    """Return what each slot held and when.

    A merged slot holds several contents; they end together.
    """
    held: dict[int, dict[int, int]] = {}  # slot → content → start
    found: list[Holding] = []

    def stop(slot: int, when: int, end: End) -> list[int]:
        contents = held.pop(slot, {})
        found.extend(
            Holding(slot=slot, content=content, start=start, stop=when, end=end)
            for content, start in contents.items()
        )
        return list(contents)

    for event, time, slot, content, other in _changes(table, memory, head):
        if event in ("write", "place"):
            stop(slot, time, "replaced")
            held[slot] = {content: time}
        else:
            contents = stop(slot, time, ENDS[event])
            if event == "merge":
                held.setdefault(other, {}).update(dict.fromkeys(contents, time))
    for slot in list(held):
        stop(slot, table.end(memory), "held")
    return sorted(found, key=lambda one: (one.slot, one.start, one.content))


def contents_at(table: TraceTable, memory: int, head: int, after: int) -> dict[int, set[int]]:
    """Return the contents of each slot that is not empty after so many tokens."""
    held: dict[int, set[int]] = {}
    for event, time, slot, content, other in _changes(table, memory, head):
        if time + (event == "write") > after:
            continue
        if event in ("write", "place"):
            held[slot] = {content}
        else:
            gone = held.pop(slot, set())
            if event == "merge":
                held[other] = held.get(other, set()) | gone
    return held


def sleeps(table: TraceTable) -> list[int]:
    """Return after how many samples a stream's memory slept, and the end if it learned since."""
    times = sorted({int(time) for time in table.of("sleep", 0)["time"]})
    frame = table.frame
    changed = frame.loc[frame["event"].isin(CHANGES), "time"]
    last = int(changed.max()) if len(changed) else 0
    return times if times and times[-1] >= last else [*times, last]


def edges(table: TraceTable) -> pd.DataFrame:
    """Return the strength of each edge whenever it is recorded in a stream.

    Columns: ``sleep``, the place among :func:`sleeps` of the first one from then on; ``event``:
    ``place``, ``dream`` or ``evict``; ``content``; ``weight``; ``lowered``: whether the last sleep
    that dreamt of the content had lowered the strength since it was stored.
    """
    chosen = ("dream", "evict", "place")
    frame = table.frame[table.frame["event"].isin(chosen)]
    frame = frame.sort_values(["time", "event", "content"], key=_in_order, kind="stable")
    times = sleeps(table)
    first: dict[int, float] = {}
    rows = []
    for event, time, content, weight in zip(
        *(frame[name].tolist() for name in ("event", "time", "content", "weight")), strict=True
    ):
        if event == "place":
            first[content] = weight
        lowered = weight < first.get(content, weight)
        rows.append((bisect_left(times, time), event, content, weight, lowered))
    return pd.DataFrame(rows, columns=["sleep", "event", "content", "weight", "lowered"])


def lifetimes(table: TraceTable) -> pd.DataFrame:
    """Return how long each content was held, in any slot: columns kind, lifetime, ended.

    A content that moves to another slot in a merge lives on.
    """
    rows = []
    for memory in table.memories:
        for head in table.heads:
            last: dict[int, Holding] = {}
            for one in holdings(table, memory, head):
                if one.content not in last or one.stop > last[one.content].stop:
                    last[one.content] = one
            rows += [
                (table.kind(content, memory), head, one.stop - content, one.end != "held")
                for content, one in last.items()
            ]
    return pd.DataFrame(rows, columns=["kind", "head", "lifetime", "ended"])


def _in_order(column: pd.Series) -> pd.Series:
    """Return sort keys: an eviction is before, and a dream after what is stored at the time."""
    if column.name != "event":
        return column
    return column.map({"evict": 0, "place": 1, "dream": 2})


def _changes(table: TraceTable, memory: int, head: int) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield event, time, slot, content and other slot of changes, in their order."""
    frame = table.frame
    frame = frame[
        frame["event"].isin(CHANGES)
        & (frame["memory"] == memory)
        & (frame["head"] == head)
        & (frame["slot"] != NONE)
    ]
    columns = [frame[name].tolist() for name in ("event", "time", "slot", "content", "other_slot")]
    rows = zip(*columns, strict=True)
    yield from sorted(
        rows, key=lambda row: (row[1] + (row[0] == "write"), CHANGES.index(row[0]), row[3])
    )
