"""The update equations of the methods, against hand-computed cases and other libraries."""

import math
from typing import Any

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor, nn

from baselines.interface import Signature
from strategies.continual.methods.a_gem import project
from strategies.continual.methods.der_plus_plus import dark_loss
from strategies.continual.methods.ewc import add_penalty, fisher, penalty
from strategies.continual.methods.lwf import distillation
from strategies.continual.methods.si import Config as Intelligence
from strategies.continual.methods.si import SynapticIntelligence
from strategies.continual.methods.slda import Config as Discriminating
from strategies.continual.methods.slda import Discriminant, Inputs
from strategies.continual.replay.rehearsal import weighted_loss
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy


def test_ewc_penalty_by_hand() -> None:
    theta = [nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.tensor([3.0]))]
    found = penalty(
        theta,
        [torch.tensor([2.0, 0.0]), torch.tensor([1.0])],
        [torch.tensor([0.0, 7.0]), torch.tensor([1.0])],
        strength=10.0,
    )
    assert float(found.detach()) == 0.5 * 10 * (2 * 1 + 0 + 1 * 4)
    found.backward()
    assert theta[0].grad is not None
    assert theta[0].grad.tolist() == [20.0, 0.0]


def test_ewc_one_penalty_equals_the_sum_of_two() -> None:
    """A weight without importance has no penalty."""
    stiff, rest = torch.tensor([2.0, 0.0]), torch.tensor([1.0, 1.0])
    more, place = torch.tensor([6.0, 0.0]), torch.tensor([5.0, 5.0])
    total, centre = add_penalty(stiff, rest, more, place)
    theta = torch.tensor([3.0, 9.0])
    assert total.tolist() == [8.0, 0.0]
    assert centre[0] == 4.0
    torch.testing.assert_close(
        total * (theta - centre), stiff * (theta - rest) + more * (theta - place)
    )


class Logistic(nn.Module):
    """Two classes, one weight: logits ``(w x, 0)``."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.stack((self.weight * inputs, torch.zeros_like(inputs)), dim=-1)


def test_ewc_fisher_of_a_logistic_regression() -> None:
    """It is the mean of ``p (1 − p) x²`` over single samples.

    Squares of their mean gradient would vanish here.
    """
    model, inputs = Logistic(0.3), torch.tensor([1.0, -1.0, 2.0])
    (found,) = fisher(model, list(model.parameters()), inputs, torch.zeros(3, dtype=torch.long))
    shares = [1 / (1 + math.exp(-0.3 * x)) for x in inputs.tolist()]
    assert float(found) == pytest.approx(
        sum(p * (1 - p) * x * x for p, x in zip(shares, inputs.tolist(), strict=True)) / 3, rel=1e-5
    )


def test_si_path_integral_by_hand() -> None:
    """Two steps on ``½ (θ − 1)²`` from 0 at rate 0.5 have gradients −1, −0.5, moves 0.5, 0.25."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    plugin = SynapticIntelligence(model, Intelligence(strength=2.0, damping=0.1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def step(target: float) -> None:
        optimizer.zero_grad()
        (0.5 * (model.weight - target).square()).sum().backward()
        plugin.after_backward(None)
        optimizer.step()
        plugin.after_update(None)

    step(1.0)
    step(1.0)
    assert plugin.path[0].item() == pytest.approx(0.5 + 0.125)
    plugin.after_training_exp(None)
    assert plugin.importance[0].item() == pytest.approx(0.625 / (0.75**2 + 0.1))
    assert plugin.anchor[0].item() == 0.75
    assert plugin.path[0].item() == 0.0
    step(0.0)  # gradient 0.75, and no penalty at the anchor
    assert model.weight.item() == pytest.approx(0.375)
    assert plugin.path[0].item() == pytest.approx(0.75 * 0.375)
    pull = 2 * 2.0 * plugin.importance[0].item() * (0.375 - 0.75)
    step(
        0.375
    )  # the task has no gradient; the penalty alone moves it, and does not count for the path
    assert model.weight.item() == pytest.approx(0.375 - 0.5 * pull)
    assert plugin.path[0].item() == pytest.approx(0.75 * 0.375)


def test_a_gem_projects_only_conflicting_gradients() -> None:
    reference = [torch.tensor([1.0, 0.0]), torch.tensor([1.0])]
    kind = [torch.tensor([1.0, 5.0]), torch.tensor([-0.5])]
    assert project(kind, reference) is kind
    hurting = [torch.tensor([-3.0, 5.0]), torch.tensor([1.0])]
    projected = project(hurting, reference)
    assert [part.tolist() for part in projected] == [[-2.0, 5.0], [2.0]]
    assert sum(float((g * r).sum()) for g, r in zip(projected, reference, strict=True)) == 0.0


def test_der_loss_by_hand() -> None:
    """Logits of two classes; a difference of log 3 between them gives shares of 3/4 and 1/4."""
    log3 = math.log(3)
    logits = torch.tensor([[log3, 0.0], [1.0, 2.0], [0.0, log3]])
    found = dark_loss(
        logits, torch.tensor([0, 1, 0]), torch.tensor([[0.0, 4.0]]), alpha=0.5, beta=2.0
    )
    assert float(found) == pytest.approx(
        -math.log(3 / 4) + 0.5 * (1 + 4) / 2 + 2.0 * -math.log(1 / 4)
    )


def test_weighted_loss_by_hand() -> None:
    logits = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)], [0.0, math.log(3)]])
    found = weighted_loss(logits, torch.tensor([0, 0, 0]), 1, 0.25)
    assert float(found) == pytest.approx(0.25 * -math.log(3 / 4) + 0.75 * -math.log(1 / 4))


def test_distillation_is_minimal_for_equal_answers() -> None:
    old = torch.tensor([[2.0, 0.0, 9.0]])
    among = torch.tensor([True, True, False])
    new = torch.tensor([[4.0, 2.0, -5.0]], requires_grad=True)
    found = distillation(new, old, among, temperature=2.0)
    share = math.e / (math.e + 1)
    assert float(found.detach()) == pytest.approx(
        -4 * (share * math.log(share) + (1 - share) * math.log(1 - share)), rel=1e-5
    )
    found.backward()
    assert new.grad is not None
    torch.testing.assert_close(new.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_slda_equals_linear_discriminant_analysis() -> None:
    """Many small updates give the means, covariance and answers of all samples at once."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (300,), generator=generator)
    samples = (
        torch.randn(300, 4, generator=generator) @ torch.randn(4, 4, generator=generator)
        + 2 * torch.eye(4)[labels]
    )
    discriminant = Discriminant(
        Gru(toy().signature),
        Inputs(Signature(features=4, outputs=3, length=1)),
        3,
        Discriminating(shrinkage=0.0),
    )
    for piece, classes in zip(samples.split(7), labels.split(7), strict=True):
        discriminant.update(piece, classes)
    pooled: Any = LinearDiscriminantAnalysis(solver="lsqr", store_covariance=True).fit(
        samples.numpy(), labels.numpy()
    )
    torch.testing.assert_close(
        discriminant.means, torch.tensor(pooled.means_, dtype=torch.float32), atol=1e-4, rtol=1e-4
    )
    covariance = discriminant.scatter / discriminant.seen.sum()
    torch.testing.assert_close(
        covariance, torch.tensor(pooled.covariance_, dtype=torch.float32), atol=1e-4, rtol=1e-4
    )
    priors = torch.tensor(pooled.priors_, dtype=torch.float32).log()
    answers = (discriminant.scores(samples) + priors).argmax(-1)
    assert answers.tolist() == pooled.predict(samples.numpy()).tolist()


def test_slda_masks_unseen_classes() -> None:
    discriminant = Discriminant(
        Gru(toy().signature),
        Inputs(Signature(features=2, outputs=3, length=1)),
        3,
        Discriminating(),
    )
    discriminant.update(
        torch.tensor([[0.0, 1.0], [0.0, 1.2], [1.0, 0.0], [1.3, 0.0]]), torch.tensor([0, 0, 2, 2])
    )
    scores = discriminant.scores(torch.tensor([[0.0, 1.0], [1.0, 0.1]]))
    assert scores.argmax(-1).tolist() == [0, 2]
    assert (scores[:, 1] < -1e3).all()
