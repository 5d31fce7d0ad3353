"""The whole pass against plain loops over tokens, at several chunk sizes."""

from typing import Any

import pytest
import torch
from torch import Tensor

from memnet.model import MemNet
from memnet.state import Slots
from tests.memnet.active_model import active_model, tokens
from tests.memnet.naive_memory import NaiveHead, run

EXACT = {"rtol": 1e-9, "atol": 1e-9}


def compare(model: MemNet, inputs: Tensor, *, drawn: bool, gradients: bool) -> list[NaiveHead]:
    """Run both implementations and compare logits, slots, links and traces.

    Return the plain memories. With ``gradients`` every token is a candidate for writing; without
    them only the tokens that write are.
    """
    batch, length = inputs.shape
    draws = torch.rand(
        length, batch, model.config.heads, generator=torch.Generator().manual_seed(3)
    )
    with torch.set_grad_enabled(gradients):
        output = model(inputs, generator=torch.Generator().manual_seed(3) if drawn else None)
    with torch.no_grad():
        plain = [
            run(model, row, draws[:, index] if drawn else None) for index, row in enumerate(inputs)
        ]
    for index, (logits, heads) in enumerate(plain):
        torch.testing.assert_close(output.logits[index], logits, **EXACT)
        for h, head in enumerate(heads):
            same_memory(output.state.slots, index, h, head)
    return [head for _, heads in plain for head in heads]


def same_memory(slots: Slots, index: int, h: int, head: NaiveHead) -> None:
    """Assert that memory ``index``, head ``h`` equals the plain memory, place by place."""
    held = len(head.slots)
    assert slots.occupied[index, h].tolist() == [
        place < held for place in range(slots.occupied.shape[-1])
    ]
    assert int(slots.count[index, h]) == head.count
    linked_head = h - slots.unlinked
    if linked_head >= 0:
        traces = torch.tensor([slot.trace for slot in head.slots], dtype=torch.float64)
        torch.testing.assert_close(slots.trace[index, linked_head, :held], traces, **EXACT)
    for name in ("strength", "usage", "birth", "written"):
        expected = torch.tensor([getattr(slot, name) for slot in head.slots], dtype=torch.float64)
        torch.testing.assert_close(
            getattr(slots, name)[index, h, :held].double(), expected, **EXACT, msg=name
        )
    for place, slot in enumerate(head.slots):
        torch.testing.assert_close(slots.keys[index, h, place], slot.key, **EXACT)
        torch.testing.assert_close(slots.values[index, h, place], slot.value, **EXACT)
        if linked_head < 0:
            assert not slot.links
            continue
        links = torch.tensor(
            [slot.links.get(other, 0.0) for other in head.slots], dtype=torch.float64
        )
        torch.testing.assert_close(
            slots.adjacency[index, linked_head, place, :held], links, **EXACT
        )


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("chunk", [1, 7, 16])
@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({}, True),
        ({"heads": 1}, False),
        ({"heads": 4, "link_decay": 0.1}, False),
        ({"hops": 1, "meta_policy": False}, False),
        ({"reuse": 0.5, "top_k": 2}, True),
        ({"sharpening": 2.0}, False),
    ],
)
def test_pass_equals_plain_loops(
    chunk: int, options: dict[str, Any], drawn: bool, gradients: bool
) -> None:
    model = active_model(**{"chunk": chunk, "dreaming": False} | options)
    heads = compare(model, tokens(batch=2), drawn=drawn, gradients=gradients)
    assert any(head.reuses for head in heads)
    assert not any(head.evictions for head in heads)
    assert any(0 < head.count < 32 for head in heads), "gates open and close"


@pytest.mark.parametrize("gradients", [True, False])
def test_strongest_links_equal_those_of_plain_loops(gradients: bool) -> None:
    model = active_model(chunk=1, degree=2, dreaming=False)
    heads = compare(model, tokens(batch=2), drawn=False, gradients=gradients)
    assert max(len(slot.links) for head in heads for slot in head.slots) == 2
    assert any(len(head.slots) > 6 for head in heads), "there are more slots than links of one"


def test_pass_equals_plain_loops_with_exact_places() -> None:
    model = active_model(dreaming=False, chunk=7).eval()
    assert model.serial is not None
    model.serial.unsure.zero_()
    compare(model, tokens(batch=2), drawn=False, gradients=False)


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_evicted_slots_equal_those_of_plain_loops(training: bool, gradients: bool) -> None:
    model = active_model(chunk=1, slots=3, top_k=2, age_weight=0.5, dreaming=False).train(training)
    heads = compare(model, tokens(batch=3), drawn=False, gradients=gradients)
    assert sum(head.evictions for head in heads) > 5
    assert any(head.reuses for head in heads)
    assert max(len(head.slots) for head in heads) == 3
