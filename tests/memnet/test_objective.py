"""The objective: the weight of each term, and when the penalty on writing is active."""

import math

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.objective import Objective


def test_total_is_weighted_sum() -> None:
    config = MemNetConfig(hallucination_weight=0.5, utilization_weight=0.25, sparsity_weight=2.0)
    objective = Objective(config, outputs=4).eval()
    losses = {
        "hallucination": torch.tensor(1.0),
        "utilization": torch.tensor(-2.0),
        "sparsity": torch.tensor(3.0),
    }
    objective.smoothed.fill_(0.0)
    assert float(objective(torch.tensor(0.0), losses)) == pytest.approx(0.5 - 0.5 + 6.0)


def test_penalty_on_writing_starts_when_task_is_learned_and_stops_when_it_suffers() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=16)
    low = 0.5 * math.log(16)
    assert objective.ramp(0.0) == 0.0, "nothing has been learned yet: one batch is not enough"
    objective.train()
    for _ in range(200):
        objective(torch.tensor(0.1 * low), {})
    assert objective.ramp(0.1 * low) == pytest.approx(0.9)
    assert objective.ramp(2 * low) == 0.0, "out at once"


def test_penalty_on_writing_is_suspended_while_loss_exceeds_best() -> None:
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
    assert float(objective.best) == best, "the best never rises"
    assert objective.ramp(0.0) == 0.0, (
        "one good batch does not end the suspension: the smoothed loss is still too high"
    )
    total = float(objective(torch.tensor(0.4 * low), {"sparsity": torch.tensor(5.0)}))
    assert total == pytest.approx(0.4 * low), "its weight is zero while suspended"


def test_evaluation_does_not_change_smoothed_loss() -> None:
    objective = Objective(MemNetConfig(), outputs=16).eval()
    before = float(objective.smoothed), float(objective.best)
    objective(torch.tensor(0.0), {})
    assert (float(objective.smoothed), float(objective.best)) == before


def test_guessing_loss_of_numbers_is_their_mean_square() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=1)
    objective.expect(torch.tensor([[0.0], [1.0], [0.0], [0.0]]))
    for _ in range(300):
        objective(torch.tensor(0.25 * 0.5 * 0.2), {})
    assert objective.ramp(0.25 * 0.5 * 0.2) == pytest.approx(0.8, rel=1e-4)
    assert objective.ramp(0.25) == 0.0, "no better than guessing"
