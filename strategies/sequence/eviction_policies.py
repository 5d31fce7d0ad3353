"""Eviction policies with a fixed number of slots, simulated on a stream of items.

A policy sees each event once: an item is shown, or is queried and then shown. A query is a *hit* if
its item is stored. After an event the item may be stored; if all slots are taken, the policy
chooses what leaves: the item of lowest priority, which may be the new item only with Bélády's
optimum. After Megiddo & Modha 2003 (*ARC*), which has the policies and their names.
"""

import random
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

Priority = tuple[float, ...]


@dataclass(slots=True)
class Use:
    """What policies know about a stored item.

    Attributes:
        stored: Event at which it was stored.
        last: Event of its last use.
        uses: Number of its uses since it was stored.
    """

    stored: int
    last: int
    uses: int


POLICIES: dict[str, Callable[[Use, random.Random], Priority]] = {
    "lru": lambda use, draws: (use.last,),
    "lfu": lambda use, draws: (use.uses, use.last),
    "fifo": lambda use, draws: (use.stored,),
    "random": lambda use, draws: (draws.random(),),
}
"""Priority of an item by policy, at an eviction; the item of lowest priority leaves.

*LRU* drops the least recently used one, *LFU* the least frequently used one, the older of two;
*FIFO* the first stored; *random* any.
"""


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """An event of a stream: an item, and whether it is queried."""

    item: int
    query: bool


def hits(
    events: Sequence[ItemEvent],
    slots: int,
    policy: str,
    *,
    seed: int = 0,
    worth: Container[int] | None = None,
    once: Container[int] = (),
) -> list[bool]:
    """Return for each query whether it is a hit.

    Args:
        events: The stream.
        slots: Number of slots.
        policy: A name in `POLICIES`.
        seed: Seed of random replacement.
        worth: Items that are stored at all; None for every item.
        once: Items whose first query is the last one; they leave at it, and do not come back.
    """
    priority, draws = POLICIES[policy], random.Random(seed)
    stored: dict[int, Use] = {}
    done: set[int] = set()
    found = []
    for time, event in enumerate(events):
        use = stored.get(event.item)
        if event.query:
            found.append(use is not None)
        if event.query and event.item in once:
            done.add(event.item)
            stored.pop(event.item, None)
        elif use is not None:
            use.last, use.uses = time, use.uses + 1
        elif event.item not in done and (worth is None or event.item in worth):
            if len(stored) >= slots:
                del stored[min(stored, key=lambda item: priority(stored[item], draws))]
            stored[event.item] = Use(stored=time, last=time, uses=1)
    return found


def optimal_hits(events: Sequence[ItemEvent], slots: int) -> list[bool]:
    """Return the hits of Bélády's optimum, which knows the future.

    Of the stored items and the present one, the item whose next query is furthest leaves. An item
    that is shown again before its next query is not worth a slot until then. The hits are as many
    as is possible with these slots (Bélády 1966; Mattson et al. 1970).
    """
    until = _next_query(events)
    stored: dict[int, float] = {}
    found = []
    for event, following in zip(events, until, strict=True):
        if event.query:
            found.append(event.item in stored)
        stored[event.item] = following
        if following == float("inf"):
            del stored[event.item]
        elif len(stored) > slots:
            del stored[max(stored, key=lambda item: stored[item])]
    return found


def _next_query(events: Sequence[ItemEvent]) -> list[float]:
    """Return after each event when its item is queried, infinity if it is shown before that."""
    never = float("inf")
    following: dict[int, float] = {}
    until = [never] * len(events)
    for time in range(len(events) - 1, -1, -1):
        event = events[time]
        until[time] = following.get(event.item, never)
        following[event.item] = time if event.query else never
    return until
