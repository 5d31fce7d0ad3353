"""The whole pass: against plain loops over tokens, with mechanisms switched off, and its gradients.

A switched-off mechanism equals a mechanism without effect.
"""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from memnet.config import MemNetConfig
from memnet.model import MemNet
from memnet.output import ModelOutput
from memnet.state import Slots
from tests.memnet.active_model import active_model, task_loss, tokens
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


SWITCHES = [field.name for field in dataclasses.fields(MemNetConfig) if field.type is bool]


def idle(mechanism: str) -> MemNet:
    """Return a random model that has the mechanism without effect."""
    model = (
        active_model(link_rate=0.0)
        if mechanism == "hebbian"
        else active_model(dream_every=1000)
        if mechanism == "dreaming"
        else active_model()
    )
    with torch.no_grad():
        if mechanism == "meta_policy":
            assert model.bank.policy is not None
            for parameter in model.bank.policy.parameters():
                parameter.zero_()
            model.bank.policy.gate.bias.copy_(torch.tensor([99.0, 0.0, 0.0]).repeat(2))  # TopK only
        if mechanism == "serial":
            assert model.serial is not None
            model.serial.gates.weight.zero_()
            model.serial.gates.bias.fill_(-9.0)  # nothing is recorded
        if mechanism in ("serial", "surprise"):
            assert model.surprise is not None
            model.surprise.alertness.zero_()
    return model


@pytest.mark.parametrize("switch", SWITCHES)
def test_switched_off_equals_mechanism_without_effect(switch: str) -> None:
    without, resting, busy = active_model(**{switch: False}), idle(switch), active_model()
    assert not without.load_state_dict(resting.state_dict(), strict=False).missing_keys
    assert sum(p.numel() for p in without.parameters()) < sum(p.numel() for p in busy.parameters())

    def read(model: MemNet) -> ModelOutput:
        output: ModelOutput = model(tokens(), generator=torch.Generator().manual_seed(3))
        return output

    off, rest, on = read(without), read(resting), read(busy)
    close: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9}
    torch.testing.assert_close(off.logits, rest.logits, **close)
    for field in dataclasses.fields(off.state.slots):
        mine, other = getattr(off.state.slots, field.name), getattr(rest.state.slots, field.name)
        if switch == "hebbian" and field.name in ("links", "targets", "trace"):
            assert not mine.numel(), "there is no graph"
        else:
            torch.testing.assert_close(mine, other, **close, msg=field.name)
    assert (off.state.tape is None) == (switch == "serial")
    assert set(on.losses) - set(off.losses) == (
        {"serial": {"surprise"}}.get(switch, {switch} & {"hallucination", "surprise"})
    )
    changes = not torch.allclose(on.logits, off.logits)
    assert changes != (switch == "hallucination"), "in use, all change outputs, or only the loss"
    off.logits.sum().backward()


def test_task_loss_trains_gates_keys_queries_graph_policy_and_dreams() -> None:
    model, inputs = active_model(), tokens()
    task_loss(model(inputs, generator=torch.Generator().manual_seed(3)), inputs).backward()
    bank = model.bank
    assert bank.policy is not None
    reached = {
        "write gate": bank.write_heads.gate.weight,
        "taps of the keys": bank.write_heads.key.weight,
        "taps of the queries": bank.read_heads.query.project,
        "keys of the associating head": bank.write_heads.identity.weight
        if bank.write_heads.identity is not None
        else None,
        "queries of the associating head": bank.read_heads.identity.weight
        if bank.read_heads.identity is not None
        else None,
        "contents": bank.write_heads.value.weight,
        "taps of the contents": bank.write_heads.value_taps,
        "clock of the keys": bank.write_heads.key_clock,
        "clock of the gate": bank.write_heads.gate_clock,
        "trace": bank.write_heads.trace,
        "link gate": bank.write_heads.link_gate.weight,
        "spreading": bank.spread_logit,
        "hop gate": bank.hop_gate.weight if bank.hop_gate is not None else None,
        "policy": bank.policy.gate.weight,
        "uncertainty": bank.policy.uncertainty,
        "temperature": bank.read_heads.log_temperature,
        "synthesizer": model.synthesizer.out.weight if model.synthesizer is not None else None,
    }
    for name, parameter in reached.items():
        assert parameter is not None, name
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


def test_only_objective_trains_hallucination_head() -> None:
    model, inputs = active_model(), tokens()
    output = model(inputs)
    assert model.hallucination is not None
    weights = list(model.hallucination.parameters())
    loss = task_loss(output, inputs)
    assert torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True) == (
        None,
    ) * len(weights)
    assert all(
        slope.any() for slope in torch.autograd.grad(model.objective(loss, output.losses), weights)
    )


@pytest.mark.parametrize(("slots", "tape"), [(True, False), (False, True), (False, False)])
def test_contents_beyond_window_reach_answers_through_slots_and_tape_only(
    slots: bool, tape: bool
) -> None:
    """Only slots and tape connect the first token with the answer.

    Keys, gates and links do not depend on the first token here, and the last token sees no more
    than the five tokens before it.
    """
    model = active_model(heads=1, hebbian=False, dreaming=False, reuse=1.0).eval()
    writing = model.bank.write_heads
    assert model.serial is not None
    with torch.no_grad():
        for parameter in (
            writing.key.project,
            writing.gate.weight,
            writing.gate_clock,
            model.serial.gates.weight,
        ):
            parameter.zero_()
        writing.gate.bias.fill_(2.0 if slots else -6.0)
        model.serial.gates.bias.fill_(0.0 if tape else -6.0)
    answer = model(torch.tensor([[6, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4]])).logits[0, -1, 0]
    assert model.encoder.embedding is not None
    (slope,) = torch.autograd.grad(answer, model.encoder.embedding.weight)
    assert bool(slope[6].any()) == (slots or tape)
