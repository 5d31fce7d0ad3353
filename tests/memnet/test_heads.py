"""Two kinds of heads.

Binding heads bind a token to its context; associating heads recognise a token in any context.
"""

import pytest
import torch

from memnet.model import MemNet
from tests.memnet.active_model import VOCABULARY, active_model, tokens


def wide_open(**options: float | bool) -> MemNet:
    """A random model that writes every token."""
    model = active_model(**({"dreaming": False} | options))
    with torch.no_grad():
        for parameter in (
            model.bank.write_heads.gate.weight,
            model.bank.write_heads.gate_clock,
            model.bank.write_heads.gate_occupancy,
        ):
            parameter.zero_()
        model.bank.write_heads.gate.bias.fill_(6.0)
    return model


@pytest.mark.parametrize(("heads", "binding"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_first_half_of_heads_binds(heads: int, binding: int) -> None:
    model, inputs = wide_open(heads=heads, width=24), torch.tensor([[1, 2, 3, 1, 2, 4, 1]])
    empty = model.initial_state(1)
    with torch.no_grad():
        encoded = model.encoder(inputs)
        hidden, _ = model.controller(encoded, empty.window, 0)
        context = torch.cat([empty.tail, model.bottleneck(hidden)], dim=1)
        offer = model.bank.prepare(hidden, context, model.bottleneck(encoded)).offer
        written = model.bank.write(offer, empty.slots, 0)
    keys = written.keys[0, :, -7:]  # of the tokens, after the slots
    assert keys.shape[0] == heads
    for head in range(heads):
        # Tokens 0, 3 and 6 are the same; the tokens before them are not.
        repeats = torch.allclose(keys[head, 0], keys[head, 3]) and torch.allclose(
            keys[head, 0], keys[head, 6]
        )
        assert repeats == (head >= binding), head


def test_associating_head_has_one_slot_per_token() -> None:
    # Keys of different tokens must not be near enough to share a slot.
    model, inputs = wide_open(reuse=0.999), tokens(batch=4, length=32)
    with torch.no_grad():
        slots = model(inputs).state.slots
        alone = [
            model(torch.tensor([[token]])).state.slots.keys[0, 1, 0] for token in range(VOCABULARY)
        ]
    for row, seen in enumerate(inputs):
        distinct = list(dict.fromkeys(seen.tolist()))  # in the order of their first occurrence
        assert int(slots.occupied[row, 1].sum()) == len(distinct)
        for place, token in enumerate(distinct):
            torch.testing.assert_close(
                slots.keys[row, 1, place], alone[token], rtol=1e-12, atol=1e-12
            )
            assert slots.birth[row, 1, place] == seen.tolist().index(token)
            assert slots.written[row, 1, place] == 31 - seen.tolist()[::-1].index(token)
    assert (slots.occupied[:, 0].sum(-1) > slots.occupied[:, 1].sum(-1)).all(), (
        "a binding head distinguishes contexts"
    )


def test_trace_retention_is_head_constant_times_link_gate() -> None:
    """λ = σ(ln 3) = ¾, and ℓ = σ(x) with x the token's number."""
    heads = active_model(heads=1).bank.write_heads
    with torch.no_grad():
        heads.trace.fill_(1.098612)
        heads.link_gate.bias.zero_()
        heads.link_gate.weight.zero_()[0, 0] = 1.0
    hidden = torch.zeros(1, 3, 16).double()
    hidden[0, :, 0] = torch.tensor([0.0, 1.0, -1.0])
    hold = heads(hidden, torch.zeros(1, 5, 12).double(), torch.zeros(1, 3, 12).double()).hold
    torch.testing.assert_close(
        hold, torch.tensor([[[0.375, 0.548294, 0.201706]]]).double(), rtol=0, atol=1e-6
    )
