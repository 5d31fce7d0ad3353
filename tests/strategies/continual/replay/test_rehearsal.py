"""The weighted loss of rehearsal, by hand."""

import math

import pytest
import torch

from strategies.continual.replay.rehearsal import weighted_loss


def test_weighted_loss_by_hand() -> None:
    logits = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)], [0.0, math.log(3)]])
    found = weighted_loss(logits, torch.tensor([0, 0, 0]), 1, 0.25)
    assert float(found) == pytest.approx(0.25 * -math.log(3 / 4) + 0.75 * -math.log(1 / 4))
