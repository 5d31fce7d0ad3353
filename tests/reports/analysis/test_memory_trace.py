"""What a memory holds: hand-made tables, and the slots of a model."""

from typing import Any

import pandas as pd
import pytest
import torch

from benchmarks.inspection.inspection import frame_of
from memnet.tracing import table as documented
from memnet.tracing.memory_trace import MemoryTrace
from reports.analysis.memory_trace import (
    CHANGES,
    NONE,
    Holding,
    TracedAnswer,
    TraceTable,
    contents_at,
    edges,
    holdings,
    lifetimes,
    sleeps,
)
from tests.memnet.active_model import active_model, tokens


def rows(*given: dict[str, Any]) -> pd.DataFrame:
    """A table of one memory and head, with ten tokens: 100, 101 and so on."""
    empty = {
        name: float("nan") if name in documented.FLOATS else NONE
        for name in documented.TRACE_COLUMNS
    }
    read = [
        {"event": "token", "time": time, "token": 100 + time, "head": NONE} for time in range(10)
    ]
    return pd.DataFrame([{**empty, "memory": 0, "head": 0, **row} for row in [*read, *given]])


HAND_MADE = rows(
    {"event": "write", "time": 0, "slot": 0, "content": 0},
    {"event": "write", "time": 1, "slot": 1, "content": 1},
    {"event": "write", "time": 2, "slot": 0, "content": 2, "other_content": 0},
    {"event": "write", "time": 3, "content": 3},
    {"event": "evict", "time": 4, "slot": 1, "content": 1},
    {"event": "place", "time": 4, "slot": 1, "content": 3},
    {"event": "merge", "time": 8, "slot": 1, "content": 3, "other_slot": 0, "other_content": 2},
)


def test_holdings_of_a_hand_made_table() -> None:
    def one(slot: int, content: int, start: int, stop: int, end: Any) -> Holding:
        return Holding(slot=slot, content=content, start=start, stop=stop, end=end)

    assert holdings(TraceTable(frame=HAND_MADE), 0, 0) == [
        one(0, 0, 0, 2, "replaced"),
        one(0, 2, 2, 10, "held"),
        one(0, 3, 8, 10, "held"),
        one(1, 1, 1, 4, "evicted"),
        one(1, 3, 4, 8, "merged"),
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (0, {}),
        (1, {0: {0}}),
        (3, {0: {2}, 1: {1}}),
        (4, {0: {2}, 1: {3}}),
        (8, {0: {2, 3}}),
    ],
)
def test_contents_after_some_tokens(after: int, expected: dict[int, set[int]]) -> None:
    assert contents_at(TraceTable(frame=HAND_MADE), 0, 0, after) == expected


def test_a_merged_content_lives_on_and_kinds_follow_the_answers() -> None:
    answers = (TracedAnswer(memory=0, time=9, answer=5, target=103),)
    found = lifetimes(TraceTable(frame=HAND_MADE, answers=answers))
    ordered = found.sort_values("lifetime")[["kind", "lifetime", "ended"]].values.tolist()
    assert ordered == [
        ["other token", 2, True],
        ["other token", 3, True],
        ["target of an answer", 7, False],
        ["other token", 8, False],
    ]


def test_labels_of_binding_heads_are_pairs() -> None:
    table = TraceTable(frame=HAND_MADE, names={102: "b"}, pairs=frozenset({0}))
    assert table.label(3, table.tokens(0), 0) == "b→103"
    assert table.label(3, table.tokens(0), 1) == "103"
    assert table.label(0, table.tokens(0), 0) == "100"


def test_contents_equal_the_slots_of_a_model() -> None:
    model = active_model(slots=4, dream_every=16, merge=0.9).eval()
    trace, state = MemoryTrace(), None
    states = []
    with torch.no_grad():
        for piece in tokens(length=48).split(8, dim=1):
            state = model(piece, state, trace=trace).state
            states.append(state)
    table = TraceTable(frame=frame_of(trace.columns()))
    for state in states:
        for memory, head in ((0, 0), (1, 1), (2, 0)):
            written = state.slots.written[memory, head]
            occupied = state.slots.occupied[memory, head].nonzero().flatten().tolist()
            found = contents_at(table, memory, head, state.time)
            assert {slot: max(one) for slot, one in found.items()} == {
                slot: int(written[slot]) for slot in occupied
            }


def test_events_are_those_that_the_trace_documents() -> None:
    assert CHANGES == documented.CHANGES
    assert NONE == documented.NONE


STREAM = rows(
    {"event": "place", "time": 4, "slot": 0, "content": 1, "weight": 90.0},
    {"event": "place", "time": 4, "slot": 1, "content": 2, "weight": 50.0},
    {"event": "sleep", "time": 4},
    {"event": "dream", "time": 4, "slot": 0, "content": 1, "weight": 40.0},
    {"event": "dream", "time": 4, "slot": 1, "content": 2, "weight": 60.0},
    {"event": "evict", "time": 6, "slot": 0, "content": 1, "weight": 40.0},
    {"event": "place", "time": 6, "slot": 0, "content": 5, "weight": 80.0},
    {"event": "evict", "time": 8, "slot": 1, "content": 2, "weight": 60.0},
    {"event": "sleep", "time": 8},
    {"event": "dream", "time": 8, "slot": 0, "content": 5, "weight": 80.0},
)


def test_edges_are_grouped_by_sleeps_and_compared_with_those_stored() -> None:
    found = edges(TraceTable(frame=STREAM.sample(frac=1, random_state=0)))
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        (0, "place", *one) for one in ((1, 90.0, False), (2, 50.0, False))
    ] + [
        (0, "dream", 1, 40.0, True),
        (0, "dream", 2, 60.0, False),
        (1, "evict", 1, 40.0, True),
        (1, "place", 5, 80.0, False),
        (1, "evict", 2, 60.0, False),
        (1, "dream", 5, 80.0, False),
    ]


def test_sleeps_end_with_what_was_learned_since() -> None:
    assert sleeps(TraceTable(frame=STREAM)) == [4, 8]
    later = rows({"event": "sleep", "time": 4}, {"event": "place", "time": 6, "slot": 0})
    assert sleeps(TraceTable(frame=later)) == [4, 6]
