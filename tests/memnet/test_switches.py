"""Switches: a switched-off mechanism equals a mechanism without effect."""

import dataclasses
from typing import Any

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.model import MemNet
from memnet.output import ModelOutput
from tests.memnet.active_model import active_model, tokens

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
        {"hallucination"} if switch == "hallucination" else set()
    )
    assert torch.allclose(on.logits, off.logits) == (switch == "hallucination"), (
        "in use, it changes outputs"
    )
    off.logits.sum().backward()
