"""The table of a stream's trace against the bank."""

from typing import Any

import torch

from memnet.persistent.quantization import pack
from memnet.persistent.trace import StreamTrace
from memnet.tracing.table import EVENTS, NONE
from tests.memnet.persistent.test_complementary import memory as default_memory
from tests.memnet.persistent.test_complementary import samples as images
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
    assert [row["time"] for row in rows if row["event"] == "sleep"] == [40, 40]


def test_default_memory_is_replayed_with_its_surprise() -> None:
    """Slots, samples and strengths of edges of the table are those of the bank."""
    model = default_memory(slots=10).eval()
    model.trace = StreamTrace()
    held, seen = dict[int, tuple[int, float]](), []
    for place, classes in enumerate([(0, 1), (2, 3), (1, 2)]):
        seen.append(images(620, classes, seed=place))
        model.meet(*seen[-1])
        model.sleep()
    order = ["evict", "place", "dream"]
    rows = [row for row in rows_of(model.trace) if row["event"] in order]
    for row in sorted(rows, key=lambda row: (row["time"], order.index(row["event"]))):
        if row["event"] == "evict":
            assert held.pop(row["slot"]) == (row["content"], row["weight"])
        else:
            assert (row["slot"] in held) == (row["event"] == "dream")
            held[row["slot"]] = (row["content"], row["weight"])
    assert {row["event"] for row in rows} == {*order}
    full = torch.nonzero(model.bank.occupied).flatten().tolist()
    assert sorted(held) == full
    assert [held[slot][1] for slot in full] == model.bank.links[full].tolist()
    inputs = torch.cat([inputs for inputs, _ in seen])
    dreams = model.dream(torch.tensor(full)).flatten(1)
    nearest = torch.cdist(dreams, inputs.flatten(1)).argmin(1).tolist()
    assert [held[slot][0] for slot in full] == nearest


def test_reads_of_the_default_memory_are_those_of_its_answers() -> None:
    model = default_memory(slots=10, correction=0.3, top_k=3).eval()
    model.trace = StreamTrace()
    model.meet(*images(40, (0, 1)))
    inputs, _ = images(5, (0, 1), seed=9)
    model.recall(inputs)
    reads = [row for row in rows_of(model.trace) if row["event"] == "read"]
    found = model.read(inputs)
    assert [row["slot"] for row in reads] == found.slots.flatten().tolist()
    assert [row["weight"] for row in reads] == found.weights.flatten().tolist()
    assert [row["other_content"] for row in reads] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [
        4
    ] * 3


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
