"""Streaming linear discriminant analysis against scikit-learn's batch version."""

from typing import Any

import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from baselines.interface import Signature
from strategies.continual.methods.slda import Config as Discriminating
from strategies.continual.methods.slda import Discriminant, Inputs
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
