"""A-GEM: the projection of gradients, by hand and in a step."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from strategies.continual.methods.a_gem import project
from tests.strategies.continual.methods.method_steps import built
from tests.strategies.continual.toy_stream import toy


def test_a_gem_projects_only_conflicting_gradients() -> None:
    reference = [torch.tensor([1.0, 0.0]), torch.tensor([1.0])]
    kind = [torch.tensor([1.0, 5.0]), torch.tensor([-0.5])]
    assert project(kind, reference) is kind
    hurting = [torch.tensor([-3.0, 5.0]), torch.tensor([1.0])]
    projected = project(hurting, reference)
    assert [part.tolist() for part in projected] == [[-2.0, 5.0], [2.0]]
    assert sum(float((g * r).sum()) for g, r in zip(projected, reference, strict=True)) == 0.0


def test_a_gem_projects_a_gradient_that_conflicts_with_stored_samples() -> None:
    """The buffer has the size of a mini-batch, so each reference gradient uses all of it."""
    stream = toy(epochs=1)
    strategy, projection = built("a-gem", stream, mem_size=10)
    strategy.train(stream.benchmark.train_stream[0])
    inputs, labels = projection.buffer.take(torch.arange(10))
    parameters = list(strategy.model.parameters())
    before: list[Tensor] = []
    turned = []

    def flat() -> Tensor:
        return torch.cat(
            [parameter.grad.flatten() for parameter in parameters if parameter.grad is not None]
        )

    def compare(strategy: Any, **_: Any) -> None:
        loss = functional.cross_entropy(strategy.model(inputs), labels)
        reference = torch.cat(
            [gradient.flatten() for gradient in torch.autograd.grad(loss, parameters)]
        )
        along = float(before[-1] @ reference)
        turned.append(along < 0)
        expected = before[-1] - min(along, 0.0) / reference.square().sum() * reference
        torch.testing.assert_close(flat(), expected, atol=1e-5, rtol=1e-3)
        assert float(flat() @ reference) >= -1e-5

    strategy.plugins.insert(
        0, SimpleNamespace(after_backward=lambda strategy, **_: before.append(flat()))
    )
    strategy.plugins.append(SimpleNamespace(after_backward=compare))
    strategy.train(stream.benchmark.train_stream[1])
    assert any(turned)
