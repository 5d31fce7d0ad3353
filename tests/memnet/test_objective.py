"""The objective: what each term weighs, and when the penalty on writing comes in."""

import math

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.objective import Objective


def test_terms_are_weighed_and_added() -> None:
    config = MemNetConfig(hallucination_weight=0.5, utilization_weight=0.25, sparsity_weight=2.0)
    objective = Objective(config, outputs=4).eval()
    losses = {
        "hallucination": torch.tensor(1.0),
        "utilization": torch.tensor(-2.0),
        "sparsity": torch.tensor(3.0),
    }
    objective.smoothed.fill_(0.0)
    assert float(objective(torch.tensor(0.0), losses)) == pytest.approx(0.5 - 0.5 + 6.0)


def test_the_penalty_on_writing_waits_until_the_task_is_learnt_and_goes_when_it_suffers() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=16)
    low = 0.5 * math.log(16)
    assert objective.ramp(0.0) == 0.0, "nothing has been learnt yet, whatever one batch says"
    objective.train()
    for _ in range(200):
        objective(torch.tensor(0.1 * low), {})
    assert objective.ramp(0.1 * low) == pytest.approx(0.9)
    assert objective.ramp(2 * low) == 0.0, "out at once"


def test_the_penalty_on_writing_rests_while_the_loss_exceeds_its_best() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5, sparsity_tolerance=0.02), outputs=16)
    low, patience = 0.5 * math.log(16), 0.02 * math.log(16)
    for _ in range(300):
        objective(torch.tensor(0.2 * low), {})
    best = float(objective.best)
    assert best == pytest.approx(0.2 * low)
    at_best = 1.0 - 0.2
    half = (1.0 - (best + patience / 2) / low) * 0.5
    assert objective.ramp(best) == pytest.approx(at_best)
    assert objective.ramp(best + patience / 2) == pytest.approx(half, rel=1e-3)
    assert objective.ramp(best + 1.01 * patience) == 0.0

    for _ in range(300):
        objective(torch.tensor(0.4 * low), {})
    assert float(objective.best) == best, "the best is never given up"
    assert objective.ramp(0.0) == 0.0, (
        "one good batch does not end the rest: the smoothed loss is still too high"
    )
    total = float(objective(torch.tensor(0.4 * low), {"sparsity": torch.tensor(5.0)}))
    assert total == pytest.approx(0.4 * low), "at rest it weighs nothing"


def test_evaluation_does_not_move_the_smoothed_loss() -> None:
    objective = Objective(MemNetConfig(), outputs=16).eval()
    before = float(objective.smoothed), float(objective.best)
    objective(torch.tensor(0.0), {})
    assert (float(objective.smoothed), float(objective.best)) == before


def test_where_targets_are_numbers_their_mean_square_is_what_guessing_costs() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=1)
    objective.expect(torch.tensor([[0.0], [1.0], [0.0], [0.0]]))
    for _ in range(300):
        objective(torch.tensor(0.25 * 0.5 * 0.2), {})
    assert objective.ramp(0.25 * 0.5 * 0.2) == pytest.approx(0.8, rel=1e-4)
    assert objective.ramp(0.25) == 0.0, "no better than guessing"
