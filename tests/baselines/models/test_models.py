"""The contract that every registered model fulfils: the rules of `benchmarks.checks.models`.

The tests run on every file in the folder of models.
"""

from typing import NamedTuple

import pytest
import torch

from baselines.interface import Signature, map_state, state_bytes
from baselines.registry import Entry, Registry
from benchmarks.checks import models
from benchmarks.checks.model_inputs import build
from benchmarks.checks.rule import Case, Rule


class Pair(NamedTuple):
    one: torch.Tensor
    other: list[torch.Tensor]


def test_map_state_accepts_lists_and_named_tuples() -> None:
    state = Pair(torch.zeros(2, 3), [torch.ones(2), torch.ones(2)])
    doubled = map_state(lambda tensor: tensor.repeat_interleave(2, dim=0), state)
    assert isinstance(doubled, Pair)
    assert (doubled.one.shape, [tensor.shape for tensor in doubled.other]) == ((4, 3), [(4,), (4,)])
    assert state_bytes(state) == 4 * (6 + 4)


MODELS = [pytest.param(entry, id=entry.name) for entry in Registry("model") if not entry.missing]


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
@pytest.mark.parametrize("rule", models.MODEL_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("entry", MODELS)
def test_model_fulfils_contract(entry: Entry, rule: Rule) -> None:
    rule.check(Case(entry=entry))


COMPARED = (
    "memnet",
    "transformer",
    "lstm",
    "gru",
    "mamba",
    "delta-rule",
    "gated-delta-rule",
    "token-memory",
)


def test_models_of_a_suite_have_similar_size() -> None:
    sizes = {}
    for name in COMPARED:
        case = Case(entry=Registry("model").get(name))
        model = build(case, Signature(vocabulary=16, outputs=16, length=256))
        sizes[name] = sum(parameter.numel() for parameter in model.parameters())
    assert max(sizes.values()) < 1.4 * min(sizes.values()), sizes
    assert max(sizes.values()) <= 110_000, sizes
