"""Two kinds of heads.

Binding heads bind a token to its context; associating heads recognise a token in any context.
With `mimetic` initial values, not with `plain` ones, they read a pair from the first step on.
"""

from typing import Literal

import pytest
import torch

from memnet.config import MemNetConfig
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


Init = Literal["mimetic", "plain"]


def fresh(init: Init) -> MemNet:
    torch.manual_seed(0)
    return MemNet(MemNetConfig(init=init), vocabulary=40, outputs=40).eval()


@pytest.mark.parametrize(("init", "reads"), [("mimetic", True), ("plain", False)])
def test_first_reads_of_a_pair(init: Init, reads: bool) -> None:
    """A token that occurred before is followed by its successor: 2 of 40 by chance."""
    model = fresh(init)
    pairs = torch.randperm(40, generator=torch.Generator().manual_seed(1)).view(20, 2)
    noise = torch.arange(40).roll(7).repeat(20, 1)[:, :24]
    asked = torch.cat([pairs[:, :1], pairs[:, 1:], noise, pairs[:, :1]], dim=1)
    with torch.no_grad():
        found = model(asked).logits[:, -1]
    ranked = found.argsort(dim=-1, descending=True)[:, :4]
    hits = int((ranked == pairs[:, 1:]).any(-1).sum())
    assert hits >= 10 if reads else hits <= 5, hits


def test_plain_values_have_no_structure() -> None:
    model, placed = fresh("plain"), fresh("mimetic")
    write, read = model.bank.write_heads, model.bank.read_heads
    assert write.identity is not None
    assert read.identity is not None
    assert not model.controller.distance_bias.any()
    assert placed.controller.distance_bias.any()
    for mine, other in (
        (write.key.project, read.query.project),
        (write.key_clock, read.query_clock),
        (write.identity.weight, read.identity.weight),
    ):
        cosine = torch.nn.functional.cosine_similarity(mine.flatten(), other.flatten(), dim=0)
        assert abs(cosine.item()) < 0.2
    for taps in (write.key.weight, read.query.weight):
        assert bool((taps != 0).all())
    assert model.bank.spread_logit is not None
    assert not model.bank.spread_logit.any()
    inward = write.value.weight @ model.bottleneck.project.weight
    assert not torch.allclose(model.fusion.read.weight, inward.T)


def test_unknown_initial_values_are_an_error() -> None:
    with pytest.raises(ValueError, match="init = 'ready' must be 'mimetic' or 'plain'"):
        MemNetConfig(init="ready")  # type: ignore[arg-type]
