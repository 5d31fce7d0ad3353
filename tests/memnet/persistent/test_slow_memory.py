import pytest
import torch
from torch.nn import functional

from memnet.persistent.random_features import RandomFeatures
from memnet.persistent.slow_memory import (
    RIDGE_SAMPLES,
    SlowMemory,
    features_within,
    margin,
    slow_bytes,
)


def slow(count: int = 12) -> SlowMemory:
    return SlowMemory(RandomFeatures((6, 6), count, torch.Generator().manual_seed(0)), 3)


def samples() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(50, 6, 6, generator=generator), torch.arange(50) % 3


def test_solution_is_ridge_regression_whatever_the_order() -> None:
    inputs, labels = samples()
    memory, other = slow(), slow()
    features = memory.features(inputs)
    memory.update(features, labels)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(2))
    for piece in order.split(7):
        other.update(features[piece], labels[piece])
    gram = (features.T @ features).double()
    gram += RIDGE_SAMPLES / 50 * gram.diagonal().mean() * torch.eye(12)
    expected = torch.linalg.solve(gram, features.T.double() @ functional.one_hot(labels).double())
    torch.testing.assert_close(memory.solve(), expected.float(), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(other.solve(), memory.solve(), atol=1e-3, rtol=1e-3)
    assert memory.known.tolist() == [True] * 3


def test_scores_add_up_to_one_nearly() -> None:
    inputs, labels = samples()
    memory = slow()
    features = memory.features(inputs)
    memory.update(features, labels)
    total = (features @ memory.solve()).sum(1)
    assert float((total - 1).abs().max()) < 0.1


def test_empty_memory_answers_zero() -> None:
    assert not slow().solve().any()


def test_margin_is_own_score_minus_best_other() -> None:
    scores = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.1, 0.4]])
    torch.testing.assert_close(margin(scores, torch.tensor([0, 2])), torch.tensor([0.5, -0.1]))


@pytest.mark.parametrize("budget", [1_000, 12_345, 500_000])
def test_features_within_a_budget_are_the_most_that_fit(budget: int) -> None:
    count = features_within(budget, 10)
    assert slow_bytes(count, 10) <= budget < slow_bytes(count + 1, 10)


def test_bytes_are_those_of_the_statistics() -> None:
    assert slow_bytes(12, 3) == sum(tensor.nbytes for tensor in slow().state_dict().values()) - (
        slow().features.filters.nbytes
    )
