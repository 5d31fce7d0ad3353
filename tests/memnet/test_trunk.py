import pytest
import torch
from torch import Tensor, nn

from memnet.trunk import Penultimate, trunk_of


class Offering(nn.Module):
    width = 3

    def features(self, inputs: Tensor) -> Tensor:
        return inputs[:, :3]


def net() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 5))


def test_features_are_what_goes_into_the_last_linear_layer() -> None:
    model, inputs = net(), torch.rand(4, 3, 4)
    trunk = Penultimate(model)
    assert trunk.width == 7
    assert torch.equal(trunk.features(inputs), model[:3](inputs))


def test_of_several_steps_the_last_is_taken() -> None:
    steps = nn.Linear(4, 5)
    inputs = torch.rand(2, 3, 4)
    assert torch.equal(Penultimate(steps).features(inputs), inputs[:, -1])


def test_a_layer_can_be_named() -> None:
    trunk, inputs = Penultimate(net(), "1"), torch.rand(4, 3, 4)
    assert trunk.width == 12
    assert torch.equal(trunk.features(inputs), inputs.flatten(1))


def test_gradients_reach_what_lies_before_the_layer_and_it_alone() -> None:
    model = net()
    Penultimate(model).features(torch.rand(4, 3, 4)).sum().backward()
    assert model[1].weight.grad is not None
    assert model[3].weight.grad is None


def test_a_model_that_offers_features_is_taken_as_it_is() -> None:
    offering = Offering()
    assert trunk_of(offering) is offering
    assert isinstance(trunk_of(net()), Penultimate)


def test_what_has_no_such_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="Flatten has no linear layer to take features from"):
        trunk_of(nn.Flatten())
    with pytest.raises(ValueError, match="no linear layer 'head': choose one of 1, 3"):
        trunk_of(net(), "head")


class Idle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(2, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def test_a_layer_that_is_not_run_is_told_of() -> None:
    with pytest.raises(RuntimeError, match="answered without its linear layer"):
        Penultimate(Idle()).features(torch.rand(2, 2))
