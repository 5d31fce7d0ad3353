"""Forgetting on item streams, of models whose forgetting is known."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel
from baselines.models import memnet
from benchmarks.tasks import worth_remembering
from strategies.common.rng import generator
from strategies.sequence.evaluate import evaluate_task
from strategies.sequence.evaluation_result import result_curves, result_metrics
from strategies.sequence.forgetting import Dynamics, forgetting_dynamics

TASK = worth_remembering.build(worth_remembering.Config(furthest=1024, streams=2))


def ignore(fraction: float) -> None:
    """Ignore the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The last tokens of each stream."""

    tokens: Tensor


class LastTokens(SequenceModel):
    """Answers with the token after the last occurrence of a token among the last ``reach`` ones."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.reach = reach

    def initial_state(self, batch: int) -> Past:
        return Past(tokens=torch.full((batch, self.reach), -1))

    def forward(  # type: ignore[override]
        self, inputs: Tensor, state: Past | None = None, *, positions: Tensor, record: object = None
    ) -> ModelOutput:
        state = state or self.initial_state(len(inputs))
        past = torch.cat([state.tokens, inputs], dim=1)
        answers = torch.zeros_like(positions)
        for row, places in enumerate(positions.tolist()):
            for column, place in enumerate(places):
                end = self.reach + place
                window = past[row, place : end + 1].tolist()
                earlier = [at for at in range(len(window) - 1) if window[at] == window[-1]]
                answers[row, column] = window[earlier[-1] + 1] if earlier else 0
        logits = functional.one_hot(answers, TASK.signature.outputs).float()
        return ModelOutput(logits=logits, state=Past(tokens=past[:, -self.reach :]))


def dynamics(model: SequenceModel, streams: int = 2) -> Dynamics:
    return forgetting_dynamics(model, TASK, streams, generator("evaluation", 3100), ignore)


def test_model_that_forgets_nothing_has_hit_rate_one_and_no_deaths() -> None:
    found = dynamics(LastTokens(2048))
    assert found.metrics["hit_rate"] == 1.0
    assert found.metrics["log_rank_p_usefulness"] is None
    assert all(row[1] == 1.0 for row in found.curves["survival_never"])  # type: ignore


def test_model_of_two_blocks_hits_what_was_shown_in_them() -> None:
    """A query reads 3 tokens, so the window of 131 reaches two blocks back."""
    found = dynamics(LastTokens(131))
    by_age = {row[0]: row[1] for row in found.curves["hit_rate_by_age"]}  # type: ignore
    assert by_age[1.0] == by_age[2.0] == 1.0
    assert all(rate == 0.0 for age, rate in by_age.items() if age > 2)


POLICIES = ("lru", "lru_filtered", "lru_roles", "optimal")
"""From the one with the fewest hits."""


def test_policies_are_ordered_and_the_optimum_is_best() -> None:
    found = dynamics(LastTokens(4)).metrics
    rates = {name: found[f"hit_rate_{name}"] for name in POLICIES}
    assert found["hit_rate"] < 0.1  # type: ignore
    assert sorted(POLICIES, key=lambda name: rates[name] or 0.0) == list(POLICIES)
    assert 0 < rates["lru"] < rates["optimal"] <= 1  # type: ignore


def test_record_of_memnet_has_hit_rates_survival_and_statistics_over_time() -> None:
    torch.manual_seed(0)
    options = {"heads": 1, "hebbian": False, "serial": False, "dreaming": False, "slots": 16}
    model = memnet.build(memnet.Config(**options), TASK.signature)  # type: ignore[arg-type]
    result = evaluate_task(model, TASK, 2, generator("evaluation", 3100), ignore)
    metrics, curves = result_metrics(result), result_curves(result)
    assert metrics["hit_rate"] is not None
    assert 0 <= metrics["hit_rate"] < 0.5
    assert metrics["lifetime_useful"] == pytest.approx(metrics["lifetime_useless"], rel=0.5)
    rows = curves["memory_over_time"]
    assert isinstance(rows, list)
    assert len(rows) == 16
    assert all(len(row) == 7 and row[-1] is not None for row in rows[1:])  # type: ignore
