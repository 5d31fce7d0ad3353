"""The table of events that a trace is written as.

One row is one event. A content is named by the time at which it was written: the position of its
token, or of its sample in the stream. With the columns ``slot``, ``content`` and ``placed`` the
table alone determines which contents each slot holds at each time.

Legend: ``R`` rows of the table.
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

NONE = -1
"""Entry of an integer column that the event does not use; a floating-point column has NaN."""

EVENTS = {
    "token": "`token` was read",
    "gate": "at a token, in `weight`: the write gate g; in addition `hold`, and the mix of reading "
    "policies `top_k`, `uniform`, `random`",
    "query": "an answer was given at this token",
    "write": "at a token `content` was written with the gate `weight`: to `slot`, or without one "
    "to a provisional slot. `other_content` is the content that it replaced because their keys are "
    "the same",
    "evict": "after `time` tokens, at the end of a chunk, `slot` lost `content` since all "
    "slots were full; without a slot, a provisional content was lost",
    "place": "after `time` tokens, at the end of a chunk, a provisional `content` got `slot`; of a "
    "stream: a sample did",
    "read": "at a token `content` in `slot` (or that will get it) had the final read weight "
    "`weight`, after spreading",
    "read_before": "the same before spreading: the mix of the reading policies, of the best slots",
    "link": "at a token a write added `weight` to the link from `slot` to `other_slot`",
    "dream": "after `time` tokens a dream reorganised the head's slots; of a stream: in a sleep "
    "`slot` was dreamt of",
    "merge": "in a dream `slot` was merged into `other_slot`",
    "graph": "the link from `slot` to `other_slot` had the strength `weight`: before a dream, or "
    "when a snapshot was taken",
    "graph_dreamt": "the same, after a dream",
    "forget": "`slot` lost `content` on request",
    "sleep": "after `time` samples of a stream the memory slept",
}
"""Meaning of each event, by its name in the column ``event``."""

CHANGES = ("write", "evict", "place", "merge", "forget")
"""Events that change what a slot holds, in their order after the same number of tokens."""

TRACE_COLUMNS = {
    "memory": "row of the batch",
    "head": "memory head",
    "time": "position of the event's token, or number of tokens (of a stream: samples) read before "
    "the event",
    "slot": "slot of the content",
    "content": "time at which the content was written; a merged slot is named by its latest one",
    "other_slot": "the second slot of a link or a merge",
    "other_content": "its content; of a write, the content that it replaced; of a stream's read, "
    "the number of the sample that read",
    "token": "token at this position, or class of the stream's sample; none for features",
    "weight": "gate, read weight or strength of a link, depending on the event; of a stream's "
    "`place`, `dream` and `evict`, the strength of the slot's edge, which is the surprise in the "
    "default memory",
    "hold": "share of the pre-synaptic trace that remains after the token",
    "top_k": "share of the TopK policy in the read",
    "uniform": "share of the Uniform policy",
    "random": "share of the Random policy",
}
"""Meaning of each column except ``event``."""

FLOATS = ("weight", "hold", "top_k", "uniform", "random")
"""Columns of floating-point numbers; the others are integers."""

Event = tuple[str, Mapping[str, Shaped[Tensor, " R"]]]
"""An event's name, and its columns."""


def chosen_rows(
    event: str, chosen: Bool[Tensor, "B H *X"], given: Mapping[str, Shaped[Tensor, "B H *X"]]
) -> Event:
    """Return an event's rows at the chosen places, with memory and head."""
    memory, head, *_ = chosen.nonzero(as_tuple=True)
    rows = {name: values[chosen] for name, values in given.items()}
    return event, {"memory": memory, "head": head, **rows}


def columns(events: Sequence[Event]) -> dict[str, Shaped[Tensor, " R"]]:
    """Return the table as columns on the CPU.

    The column ``event`` has the event's place in `EVENTS`. Rows are in the order of time.
    """
    names = list(EVENTS)
    parts: dict[str, list[Tensor]] = {name: [] for name in ("event", *TRACE_COLUMNS)}
    for event, given in events:
        length = len(next(iter(given.values())))
        parts["event"].append(torch.full((length,), names.index(event)))
        for name in TRACE_COLUMNS:
            column = given.get(name)
            if column is None:
                column = torch.full((length,), float("nan") if name in FLOATS else NONE)
            parts[name].append(column.detach().cpu())
    whole = {
        name: torch.cat(part) if part else torch.zeros(0, dtype=torch.int64)
        for name, part in parts.items()
    }
    order = whole["time"].argsort(stable=True)
    return {name: column[order] for name, column in whole.items()}
