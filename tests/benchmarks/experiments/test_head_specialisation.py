"""The permutation test of heads, and the features that it compares."""

import pytest
import torch

from baselines.models import memnet
from benchmarks.experiments.head_specialisation import features, holm, permutation_p
from benchmarks.tasks import association


def test_equal_heads_are_not_different() -> None:
    draws = torch.Generator().manual_seed(0)
    values = [permutation_p(torch.randn(40, 4, generator=draws).double(), draws) for _ in range(40)]
    assert 0.3 < sum(values) / len(values) < 0.7
    assert permutation_p(torch.ones(8, 4).double(), draws) == 1.0


def test_head_with_another_mean_is_found() -> None:
    draws = torch.Generator().manual_seed(0)
    feature = torch.randn(40, 4, generator=draws).double()
    feature[:, 2] += 2.0
    assert permutation_p(feature, draws) < 0.001


def test_holm_multiplies_by_the_number_of_tests_left() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert found == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_features_are_shares_of_each_head() -> None:
    task = association.build(association.Config())
    torch.manual_seed(0)
    model = memnet.build(memnet.Config(heads=4), task.signature)
    found = features(model, task, 6, torch.Generator().manual_seed(0))
    assert all(value.shape == (6, 4) for value in found.values())
    mix = sum(found[f"policy {name}"] for name in ("top-k", "uniform", "random"))
    assert torch.allclose(torch.as_tensor(mix), torch.ones(6, 4).double(), atol=1e-5)
    assert float(found["writes of entities"].min()) > 0.9
