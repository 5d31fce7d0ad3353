"""Streaming linear discriminant analysis against scikit-learn's batch version."""

from typing import Any

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import nn

from results.errors import UsageError
from strategies.continual.counted_bytes import parameter_bytes
from strategies.continual.methods.slda import Config as Discriminating
from strategies.continual.methods.slda import Discriminant, Fixed, features_for
from tests.strategies.continual.methods.method_steps import built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy


def test_slda_equals_linear_discriminant_analysis() -> None:
    """Many small updates give the means, covariance and answers of all samples at once."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (300,), generator=generator)
    samples = (
        torch.randn(300, 4, generator=generator) @ torch.randn(4, 4, generator=generator)
        + 2 * torch.eye(4)[labels]
    )
    discriminant = Discriminant(
        None,
        Fixed(nn.Flatten(), 4),
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
    torch.testing.assert_close(
        discriminant.covariance(),
        torch.tensor(pooled.covariance_, dtype=torch.float32),
        atol=1e-4,
        rtol=1e-4,
    )
    priors = torch.tensor(pooled.priors_, dtype=torch.float32).log()
    answers = (discriminant.scores(samples) + priors).argmax(-1)
    assert answers.tolist() == pooled.predict(samples.numpy()).tolist()


def test_slda_masks_unseen_classes() -> None:
    discriminant = Discriminant(
        None,
        Fixed(nn.Flatten(), 2),
        3,
        Discriminating(),
    )
    discriminant.update(
        torch.tensor([[0.0, 1.0], [0.0, 1.2], [1.0, 0.0], [1.3, 0.0]]), torch.tensor([0, 0, 2, 2])
    )
    scores = discriminant.scores(torch.tensor([[0.0, 1.0], [1.0, 0.1]]))
    assert scores.argmax(-1).tolist() == [0, 2]
    assert (scores[:, 1] < -1e3).all()


@pytest.mark.parametrize(
    ("features", "width", "parameters"),
    [("random", 30, "regenerated"), ("inputs", 16, "none"), ("model", 32, "trained")],
)
def test_only_features_of_the_model_need_it(features: str, width: int, parameters: str) -> None:
    stream = toy()
    strategy, plugin = built("slda", stream, features=features, count=30)
    assert plugin.discriminant.means.shape == (4, width)
    everything = sum(parameter.nbytes for parameter in strategy.model.parameters())
    assert (everything > 0) is (parameters != "none")
    assert (parameter_bytes(strategy) > 0) is (parameters == "trained")
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
    assert strategy.examples.count == 120 + (2 * 60 if features == "model" else 0) + (
        60 if features == "model" else 0
    )


def test_random_features_are_those_of_ridge() -> None:
    samples = torch.rand(5, 4, 4)
    model = Gru(toy().signature)
    ours: Any = features_for(Discriminating(count=30), model, toy(), 0)
    theirs: Any = built("ridge", toy(), count=31)[1].regression
    torch.testing.assert_close(ours.features(samples), theirs.features(samples)[:, :30])


def test_a_budget_gives_random_features() -> None:
    plugin = built("slda", toy(), budget=3000)[1]
    width = plugin.discriminant.means.shape[1]
    assert plugin.stored_bytes() == 4 * (width * (width + 1) // 2 + 4 * width + 4)
    assert 3000 - 4 * (width + 5) < plugin.stored_bytes() <= 3000
    with pytest.raises(UsageError, match="leave budget or features out"):
        built("slda", toy(), budget=3000, features="inputs")
