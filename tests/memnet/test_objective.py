"""The objective: what each term weighs, and when the penalty on writing comes in."""

import math

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.objective import Objective


def test_terms_are_weighed_and_added() -> None:
    config = MemNetConfig(hallucination_weight=0.5, utilization_weight=0.25, sparsity_weight=2.0)
    objective = Objective(config, outputs=4).eval()
    losses = {"hallucination": torch.tensor(1.0), "utilization": torch.tensor(-2.0), "sparsity": torch.tensor(3.0)}
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


def test_evaluation_does_not_move_the_smoothed_loss() -> None:
    objective = Objective(MemNetConfig(), outputs=16).eval()
    before = float(objective.smoothed)
    objective(torch.tensor(0.0), {})
    assert float(objective.smoothed) == before
