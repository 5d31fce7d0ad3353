import pytest
import torch
from torch import nn

from strategies.common.cost import Stopwatch, measure_cost, regenerated_bytes


class Projected(nn.Module):
    """A fixed random projection and a trained layer."""

    regenerated_parameters = ("projection",)

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Parameter(torch.randn(10, 4), requires_grad=False)
        self.trained = nn.Linear(4, 2)


@pytest.mark.parametrize("wrapped", [False, True])
def test_regenerated_parameters_do_not_count_in_the_total(wrapped: bool) -> None:
    """40 of 50 parameters of 4 bytes are regenerated."""
    model = nn.Sequential(Projected()) if wrapped else Projected()
    cost = measure_cost(
        model,
        state_bytes=0,
        train=Stopwatch(),
        evaluation=Stopwatch(),
        train_examples=1,
        buffer_bytes=7,
    )
    assert (cost.parameter_bytes, cost.regenerated_bytes, cost.total_bytes) == (200, 160, 47)


def test_models_regenerate_nothing_by_default() -> None:
    assert regenerated_bytes(nn.Linear(3, 3)) == 0


def test_unknown_regenerated_parameter_is_an_error() -> None:
    model = Projected()
    model.regenerated_parameters = ("missing",)
    with pytest.raises(KeyError, match="missing"):
        regenerated_bytes(model)
