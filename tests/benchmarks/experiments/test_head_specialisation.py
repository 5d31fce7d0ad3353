"""The permutation test of heads, and the features that it compares."""

import torch

from baselines.models import memnet
from benchmarks.experiments.head_specialisation import features, permutation_p
from benchmarks.tasks import association
from memnet.model import MemNet


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


def test_features_are_shares_of_each_head() -> None:
    task = association.build(association.Config())
    torch.manual_seed(0)
    model = memnet.build(memnet.Config(heads=4), task.signature)
    assert isinstance(model, MemNet)
    found = features(model, task, 6, torch.Generator().manual_seed(0))
    assert all(value.shape == (6, 4) for value in found.values())
    mix = sum(found[f"policy {name}"] for name in ("top-k", "uniform", "random"))
    assert torch.allclose(torch.as_tensor(mix), torch.ones(6, 4).double(), atol=1e-5)
    assert float(found["writes of entities"].min()) > 0.9
