"""Gradients of the task loss, and the paths that they take."""

import pytest
import torch

from tests.memnet.active_model import active_model, task_loss, tokens


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
