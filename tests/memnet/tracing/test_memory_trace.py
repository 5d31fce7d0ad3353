"""The table of a trace against plain loops over tokens, and against the model's own slots."""

from typing import Any

import pytest
import torch

from memnet.model import MemNet
from memnet.tracing.memory_trace import MemoryTrace
from memnet.tracing.table import CHANGES, EVENTS, FLOATS, NONE, TRACE_COLUMNS
from tests.memnet.active_model import active_model, run_with_chunks, task_loss, tokens
from tests.memnet.naive_memory import run

Row = dict[str, Any]
Held = dict[int, set[int]]
"""Contents of each slot that is not empty."""


def rows_of(trace: MemoryTrace) -> list[Row]:
    table = trace.columns()
    names = list(EVENTS)
    lists = {name: column.tolist() for name, column in table.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return [row | {"event": names[row["event"]]} for row in rows]


def traced(model: MemNet, inputs: torch.Tensor, **options: Any) -> tuple[list[Row], Any]:
    trace = MemoryTrace(**options)
    with torch.no_grad():
        output = model(inputs, trace=trace)
    return rows_of(trace), output


def replay(rows: list[Row], memory: int, head: int, after: int) -> Held:
    """Return the contents of each slot after so many tokens, from the table alone."""
    changes = []
    for row in rows:
        if (row["memory"], row["head"]) == (memory, head) and row["event"] in CHANGES:
            when = row["time"] + (row["event"] == "write")
            if when <= after:
                changes.append((when, CHANGES.index(row["event"]), row["content"], row))
    held: Held = {}
    for *_, row in sorted(changes, key=lambda change: change[:3]):
        if row["slot"] == NONE:
            continue
        if row["event"] in ("write", "place"):
            held[row["slot"]] = {row["content"]}
        else:
            gone = held.pop(row["slot"])
            assert max(gone) == row["content"], "the row names the slot's latest content"
            if row["event"] == "merge":
                held[row["other_slot"]] |= gone
    return held


@pytest.mark.parametrize("options", [{}, {"slots": 4}, {"reuse": 0.5, "heads": 4, "slots": 3}])
def test_replayed_slots_equal_plain_loops_after_every_token(options: dict[str, Any]) -> None:
    model = active_model(**{"chunk": 1, "dreaming": False} | options).eval()
    inputs = tokens(batch=2, length=24)
    rows, _ = traced(model, inputs)
    evictions = 0
    for memory, sequence in enumerate(inputs):
        for after in (1, 9, 16, 24):
            with torch.no_grad():
                _, heads = run(model, sequence[:after])
            for h, head in enumerate(heads):
                expected = {place: {slot.written} for place, slot in enumerate(head.slots)}
                assert replay(rows, memory, h, after) == expected
                evictions += head.evictions
    assert bool(evictions) == ("slots" in options)


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize(
    "options",
    [{"merge": 1.0}, {"slots": 4, "dreaming": False}, {"merge": 0.4, "dream_every": 16}],
)
def test_replayed_slots_equal_the_models_at_the_end_of_each_chunk(
    options: dict[str, Any], gradients: bool
) -> None:
    model = active_model(**{"chunk": 8} | options).eval()
    inputs, trace, state, whole = tokens(length=48), MemoryTrace(), None, {}
    with torch.set_grad_enabled(gradients):
        for piece in inputs.split(8, dim=1):
            state = model(piece, state, trace=trace).state
            whole[state.time] = state.slots
    rows = rows_of(trace)
    assert {row["event"] for row in rows} >= {"evict" if "slots" in options else "write"}
    assert any(row["event"] == "merge" for row in rows) == (options.get("merge") == 0.4)
    for after, slots in whole.items():
        for memory in range(len(inputs)):
            for head in range(model.config.heads):
                written = slots.written[memory, head]
                expected = {
                    place: int(written[place])
                    for place in slots.occupied[memory, head].nonzero().flatten().tolist()
                }
                held = replay(rows, memory, head, after)
                assert {place: max(found) for place, found in held.items()} == expected


def test_reads_are_those_of_the_pass_and_gates_are_the_writes() -> None:
    model = active_model(dreaming=False).eval()
    trace, inputs = MemoryTrace(top=100), tokens()
    with torch.no_grad():
        _, chunks = run_with_chunks(model, inputs, trace=trace)
    rows, time = rows_of(trace), 0
    reads = {
        (row["memory"], row["head"], row["time"], row["content"]): row["weight"]
        for row in rows
        if row["event"] == "read"
    }
    expected = {}
    for chunk in chunks:
        weights, times = chunk.read.weights, chunk.written.times
        for memory, head, token, entry in (weights > 0).nonzero().tolist():
            key = (memory, head, time + token, int(times[memory, head, entry]))
            expected[key] = float(weights[memory, head, token, entry])
        time += weights.shape[2]
    assert reads == pytest.approx(expected)
    wrote = {(row["memory"], row["head"], row["time"]) for row in rows if row["event"] == "write"}
    gates = [row for row in rows if row["event"] == "gate"]
    assert len(gates) == inputs.numel() * model.config.heads
    assert wrote == {
        (row["memory"], row["head"], row["time"]) for row in gates if row["weight"] > 0
    }
    assert all(
        row["top_k"] + row["uniform"] + row["random"] == pytest.approx(1, abs=1e-5) for row in gates
    )
    read = [row["token"] for row in rows if row["event"] == "token" and row["memory"] == 1]
    assert read == inputs[1].tolist()


def test_links_and_graphs_name_slots_of_the_graph() -> None:
    model = active_model(chunk=8, dream_every=16, merge=1.0).eval()
    trace, inputs = MemoryTrace(top=100, links=1000), tokens(length=8)
    with torch.no_grad():
        state = model(inputs, trace=trace).state
        trace.snapshot(state.slots, 8)
    rows = rows_of(trace)
    graph = torch.zeros_like(state.slots.adjacency)
    summed = torch.zeros_like(graph)
    for row in rows:
        if row["event"] in ("link", "graph"):
            total = summed if row["event"] == "link" else graph
            head = row["head"] - state.slots.unlinked
            total[row["memory"], head, row["slot"], row["other_slot"]] += row["weight"]
    torch.testing.assert_close(graph, state.slots.adjacency)
    torch.testing.assert_close(summed, state.slots.adjacency)
    assert bool(graph.any())


def test_a_dream_records_the_graph_on_both_sides() -> None:
    rows, _ = traced(active_model(chunk=8, dream_every=16).eval(), tokens(length=32))
    dreams = {row["time"] for row in rows if row["event"] == "dream"}
    assert dreams == {16, 32}
    for event in ("graph", "graph_dreamt"):
        assert {row["time"] for row in rows if row["event"] == event} == dreams


def test_tracing_changes_neither_outputs_nor_gradients() -> None:
    inputs, gradients = tokens(), []
    for trace in (None, MemoryTrace()):
        model = active_model()
        output = model(inputs, targets=inputs, trace=trace)
        model.objective(task_loss(output, inputs), output.losses).backward()
        gradients.append([output.logits, *(part.grad for part in model.parameters())])
    for off, on in zip(*gradients, strict=True):
        assert (off is None and on is None) or torch.equal(off, on)


def test_positions_of_answers_are_queries_and_unused_columns_are_empty() -> None:
    trace = MemoryTrace()
    with torch.no_grad():
        active_model().eval()(
            tokens(batch=2), positions=torch.tensor([[3, 9], [5, 9]]), trace=trace
        )
    queries = [row for row in rows_of(trace) if row["event"] == "query"]
    assert [(row["memory"], row["time"]) for row in queries] == [(0, 3), (1, 5), (0, 9), (1, 9)]
    assert {
        row[name]
        for row in queries
        for name in TRACE_COLUMNS
        if name not in (*FLOATS, "memory", "time")
    } == {NONE}
    assert all(row[name] != row[name] for row in queries for name in FLOATS), "NaN"


def test_an_empty_trace_is_an_empty_table() -> None:
    assert {len(column) for column in MemoryTrace().columns().values()} == {0}
