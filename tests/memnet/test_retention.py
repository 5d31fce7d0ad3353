"""Learned retention: hand-computed scores, competition of new writes, and its gradient."""

import math

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.placement import place
from memnet.recorder import Recorder
from memnet.retention import LearnedRetention, admitted, of_nodes, retention
from tests.memnet.active_model import active_model, task_loss, tokens


def test_retention_equals_hand_computed_score() -> None:
    found = retention(torch.tensor([0.5]), torch.tensor([2.0]), torch.tensor([7]), 0.5, 0.1)
    assert float(found) == pytest.approx(
        math.log(0.5) + 0.5 * math.log(3.0) - 0.1 * math.log(8.0), rel=1e-6
    )


def test_new_writes_enter_by_retention() -> None:
    """Two slots, three new writes: slot 1 and write 1 have the largest retention."""
    scores = torch.tensor([[[0.1, 0.9, 0.2, 0.8, 0.3]]])
    occupied, fresh = torch.ones(1, 1, 2).bool(), torch.ones(1, 1, 3).bool()
    assert admitted(scores, occupied, fresh).tolist() == [[[False, True, False]]]


def test_only_new_writes_enter() -> None:
    scores = torch.tensor([[[0.1, 0.9, 0.2, 0.8, 0.3]]])
    occupied, fresh = torch.zeros(1, 1, 2).bool(), torch.tensor([[[True, False, False]]])
    assert admitted(scores, occupied, fresh).tolist() == [[[True, False, False]]]


def test_node_has_the_value_of_the_last_entry_of_its_chain() -> None:
    """Two slots; the first write rewrites slot 1, the second writes a new key."""
    cosine = torch.tensor([[[[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]]])
    active, occupied = torch.ones(1, 1, 2).bool(), torch.ones(1, 1, 2).bool()
    placement = place(cosine, active, torch.ones(1, 1, 2).long(), occupied, 0.8)
    values = torch.tensor([[[0.1, 0.2, 0.3, 0.4]]])
    found = of_nodes(placement, values, torch.ones(1, 1, 4).bool())
    assert found[0, 0].tolist() == pytest.approx([0.1, 0.3, 0.0, 0.4])


def test_soft_eviction_keeps_the_best_and_has_a_gradient_for_the_others() -> None:
    learned = LearnedRetention(MemNetConfig(slots=2, heads=1, width=16, controller_heads=1))
    scores = torch.tensor([[[0.5, -1.0, 2.0, 0.0]]], requires_grad=True)
    kept = learned.kept(scores, torch.tensor([[[True, True, True, False]]]))
    assert kept is not None
    assert kept[0, 0, :3].tolist() == pytest.approx([1.0, 0.0, 1.0])
    (gradient,) = torch.autograd.grad(kept[0, 0, 1], scores)
    assert float(gradient[0, 0, 1]) > 0
    assert float(gradient[0, 0, 0]) == pytest.approx(-float(gradient[0, 0, 1]))
    assert float(gradient[0, 0, 2]) == 0.0


def test_nothing_is_evicted_while_all_slots_fit() -> None:
    learned = LearnedRetention(MemNetConfig(slots=2, heads=1, width=16, controller_heads=1))
    assert learned.kept(torch.zeros(1, 1, 2), torch.ones(1, 1, 2).bool()) is None


def test_evaluation_has_no_more_than_the_given_slots_and_evicts() -> None:
    model = active_model(retention="learned", slots=4).eval()
    record = Recorder()
    with torch.no_grad():
        state = model(tokens(length=64), record=record).state
    assert state.slots.occupied.shape[-1] == 4
    assert record.evictions > 0


def test_training_has_spare_slots_and_trains_the_weights() -> None:
    model = active_model(retention="learned", slots=2, dreaming=False).train()
    inputs = tokens(length=64)
    output = model(inputs)
    assert output.state.slots.occupied.shape[-1] > 2
    task_loss(output, inputs).backward()
    assert model.bank.retention is not None
    for weight in model.bank.retention.parameters():
        assert weight.grad is not None
        assert float(weight.grad.abs().max()) > 0


def test_unknown_retention_is_an_error() -> None:
    with pytest.raises(ValueError, match="retention = soft must be fixed or learned"):
        MemNetConfig(retention="soft")
