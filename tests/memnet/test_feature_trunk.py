import pytest
import torch
from torch import Tensor, nn

from memnet.feature_trunk import Penultimate, trunk_of


class FeatureModel(nn.Module):
    width = 3

    def features(self, inputs: Tensor) -> Tensor:
        return inputs[:, :3]


def net() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 5))


def test_features_are_inputs_of_last_linear_layer() -> None:
    model, inputs = net(), torch.rand(4, 3, 4)
    trunk = Penultimate(model)
    assert trunk.width == 7
    assert torch.equal(trunk.features(inputs), model[:3](inputs))


def test_features_are_of_last_step() -> None:
    steps = nn.Linear(4, 5)
    inputs = torch.rand(2, 3, 4)
    assert torch.equal(Penultimate(steps).features(inputs), inputs[:, -1])


def test_layer_can_be_named() -> None:
    trunk, inputs = Penultimate(net(), "1"), torch.rand(4, 3, 4)
    assert trunk.width == 12
    assert torch.equal(trunk.features(inputs), inputs.flatten(1))


def test_gradients_reach_only_layers_before_features() -> None:
    model = net()
    Penultimate(model).features(torch.rand(4, 3, 4)).sum().backward()
    assert model[1].weight.grad is not None
    assert model[3].weight.grad is None


def test_model_with_features_is_returned_unchanged() -> None:
    model = FeatureModel()
    assert trunk_of(model) is model
    assert isinstance(trunk_of(net()), Penultimate)


def test_missing_layer_is_an_error() -> None:
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


def test_layer_that_does_not_run_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="returned without running its linear layer"):
        Penultimate(Idle()).features(torch.rand(2, 2))
