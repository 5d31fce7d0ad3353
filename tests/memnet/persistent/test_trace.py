"""The table of a stream's trace against the bank."""

from typing import Any

import torch

from memnet.persistent.quantization import pack
from memnet.persistent.trace import StreamTrace
from memnet.tracing.table import EVENTS, NONE
from tests.memnet.persistent.test_memory import BITS, memory, samples


def rows_of(trace: StreamTrace) -> list[dict[str, Any]]:
    lists = {name: column.tolist() for name, column in trace.columns().items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return [row | {"event": list(EVENTS)[row["event"]]} for row in rows]


def test_replayed_slots_hold_the_codes_and_classes_of_their_samples() -> None:
    model = memory(slots=10).eval()
    model.trace = StreamTrace()
    seen, held = [], dict[int, tuple[int, int]]()
    for place, classes in enumerate([(0, 1), (2, 3), (1, 2)]):
        seen.append(samples(17, classes, seed=place))
        model.meet(*seen[-1])
    order = ["evict", "place"]
    changes = [row for row in rows_of(model.trace) if row["event"] in order]
    for row in sorted(changes, key=lambda row: (row["time"], order.index(row["event"]))):
        if row["event"] == "evict":
            content, _ = held.pop(row["slot"])
            assert content == row["content"]
        else:
            held[row["slot"]] = (row["content"], row["token"])
    assert {row["event"] for row in changes} == {*order}
    assert sorted(held) == torch.nonzero(model.bank.occupied).flatten().tolist()
    inputs = torch.cat([inputs for inputs, _ in seen])
    labels = torch.cat([labels for _, labels in seen])
    with torch.no_grad():
        codes = pack(model.encode(inputs), BITS)
    for slot, (content, label) in held.items():
        assert torch.equal(model.bank.codes[slot], codes[content])
        assert int(model.bank.target[slot]) == label == int(labels[content])


def test_reads_and_sleeps_name_the_samples() -> None:
    model = memory(slots=10, top_k=3).eval()
    model.trace = StreamTrace()
    model.meet(*samples(40))
    model.sleep()
    model.sleep()
    with torch.no_grad():
        answers = model.recall(model.encode(samples(5, seed=9)[0]))
    rows = rows_of(model.trace)
    place = {row["slot"]: row["content"] for row in rows if row["event"] == "place"}
    reads = [row for row in rows if row["event"] == "read"]
    assert len(reads) == 5 * 3
    assert all(row["content"] == place[row["slot"]] for row in reads)
    shares = torch.zeros_like(answers)
    for row in reads:
        label = int(model.bank.target[row["slot"]])
        shares[row["other_content"], label] += row["weight"]
    torch.testing.assert_close(shares, answers)
    dreamt = [row["slot"] for row in rows if row["event"] == "dream"]
    assert sorted(dreamt) == sorted(place), "the second sleep encodes all slots again"


def test_samples_stored_before_the_trace_are_not_named() -> None:
    model = memory(slots=10).eval()
    model.meet(*samples(40))
    model.trace = StreamTrace()
    with torch.no_grad():
        model.recall(model.encode(samples(2)[0]))
    assert {row["content"] for row in rows_of(model.trace)} == {NONE}


def test_samples_after_a_request_to_forget_get_new_numbers() -> None:
    model = memory(slots=10).eval()
    model.trace = StreamTrace()
    inputs, labels = samples(20)
    model.meet(inputs, labels)
    stored = {
        row["slot"]: row["content"] for row in rows_of(model.trace) if row["event"] == "place"
    }
    gone = sorted(stored.values())[:2]
    model.forget(inputs[gone], labels[gone])
    model.meet(*samples(6, seed=5))
    rows = rows_of(model.trace)
    forgotten = [row for row in rows if row["event"] == "forget"]
    assert sorted(row["content"] for row in forgotten) == gone
    assert all(row["content"] == stored[row["slot"]] for row in forgotten)
    later = [row["content"] for row in rows if row["event"] == "place" and row["time"] > 20]
    assert later
    assert all(20 <= content < 26 for content in later)
