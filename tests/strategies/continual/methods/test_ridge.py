"""Ridge regression on random features against scikit-learn, and its independence of the order."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from baselines.interface import Signature
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.methods import ridge
from strategies.continual.methods._closed_form import (
    RidgeRegression,
    count_within,
    statistics_bytes,
)
from strategies.continual.methods._random_features import RandomProjections
from strategies.continual.methods.ridge import Config
from strategies.continual.stream import Scenario, Schedule, Stream
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

IMAGE = Signature(features=8, outputs=3, length=6)


def projections(count: int = 9) -> RandomProjections:
    return RandomProjections(IMAGE, count, draws=generator("random features", 0))


def trained(stream: Stream, **options: Any) -> tuple[Any, RidgeRegression]:
    strategy, plugin = built("ridge", stream, **options)
    for experience, _ in stream.experiences():
        strategy.train(experience)
    return strategy, plugin.regression


def all_samples(stream: Stream) -> tuple[Tensor, Tensor]:
    samples = [s for part in stream.benchmark.train_stream for s in part.dataset]
    return torch.stack([s[0] for s in samples]), torch.tensor([int(s[1]) for s in samples])


@pytest.mark.parametrize("features", ["convolutional", "dense", "smooth"])
def test_seeds_alone_determine_the_features(features: str) -> None:
    first, again, other = (
        built("ridge", replace(toy(), seed=seed), features=features)[0].model.state_dict()
        if seed == 0
        else ridge.build(
            Config(features=features),  # type: ignore[arg-type]
            model=Gru(toy().signature),
            stream=toy(),
            learning_rate=0.1,
            seed=seed,
            device=CPU,
        ).model.state_dict()
        for seed in (0, 0, 1)
    )
    (*_, name) = [name for name in first if "random" in name]
    assert torch.equal(first[name], again[name])
    assert not torch.equal(first[name], other[name])


def test_weights_and_scores_equal_those_of_scikit_learn() -> None:
    draws = torch.Generator().manual_seed(0)
    samples, labels = torch.rand(90, 6, 8, generator=draws), torch.arange(90) % 3
    regression = RidgeRegression(projections(), 10, 3, 0.01)
    regression.eval()
    for piece, classes in zip(samples.split(7), labels.split(7), strict=True):
        regression.update(regression.features(piece), classes)
    features = regression.features(samples).double()
    penalty = 0.01 * float(features.square().sum()) / 10 / 90
    fitted: Any = Ridge(alpha=penalty, fit_intercept=False).fit(
        features.numpy(), torch.eye(3)[labels].numpy()
    )
    weights = torch.tensor(fitted.coef_, dtype=torch.float32).T
    torch.testing.assert_close(regression.solve(), weights, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        regression(samples).logits[:, 0], features.float() @ weights, atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("scenario", ["class", "domain", "task"])
@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(epochs=3, batch_size=7),
        Schedule(iterations=30, batch_size=8),
        Schedule(iterations=2, batch_size=8),
        Schedule(batch_size=10, online=10),
    ],
    ids=["epochs", "many steps", "few steps", "online"],
)
def test_any_order_gives_the_statistics_of_all_samples_at_once(
    scenario: Scenario, schedule: Schedule
) -> None:
    stream = toy(scenario=scenario, schedule=schedule)
    _, regression = trained(stream, count=20)
    inputs, labels = all_samples(stream)
    joint = RidgeRegression(regression.random, 20, stream.signature.outputs, 1.0)
    joint.update(joint.features(inputs), labels)
    assert torch.equal(regression.seen, joint.seen)
    torch.testing.assert_close(regression.gram, joint.gram, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(regression.sums, joint.sums, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(regression.solve(), joint.solve(), atol=1e-2, rtol=1e-2)


def test_unseen_classes_are_masked() -> None:
    regression = RidgeRegression(projections(), 10, 3, 0.01).eval()
    samples = torch.rand(4, 6, 8)
    assert not regression(samples).logits.isnan().any()
    regression.update(regression.features(samples), torch.tensor([0, 0, 2, 2]))
    assert (regression(samples).logits[:, 0, 1] < -1e3).all()


@pytest.mark.parametrize("features", ["convolutional", "dense", "smooth"])
def test_the_cost_is_that_of_the_statistics(features: str) -> None:
    """Half of the Gram matrix, class sums and counts; the random features cost nothing."""
    torch.manual_seed(0)
    cost = run_stream(
        toy(),
        Gru,
        ridge,
        method_config=Config(features=features, count=50),  # type: ignore[arg-type]
        learning_rate=0.1,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    ).cost
    assert cost.buffer_bytes == 4 * (50 * 51 // 2 + 50 * 4 + 4) == cost.total_bytes
    assert cost.parameter_bytes == cost.regenerated_bytes > 0
    assert cost.train_examples == 120


@pytest.mark.parametrize("budget", [76, 200, 1000, 158_304, 158_303, 10**6])
@pytest.mark.parametrize("classes", [4, 10])
def test_a_budget_gives_the_most_features_that_fit(budget: int, classes: int) -> None:
    least = statistics_bytes(2, classes)
    if budget < least:
        with pytest.raises(UsageError, match=rf"give at least budget={least}"):
            count_within(budget, classes)
        return
    count = count_within(budget, classes)
    assert statistics_bytes(count, classes) <= budget
    assert statistics_bytes(count + 1, classes) > budget


def test_a_total_budget_holds_statistics_alone() -> None:
    cost = run_stream(
        toy(),
        Gru,
        ridge,
        method_config=Config(),
        learning_rate=0.1,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
        total_budget=2000,
    ).cost
    assert 1800 < cost.total_bytes <= 2000


@pytest.mark.parametrize(
    ("signature", "options", "message"),
    [
        (
            Signature(features=40, outputs=3, length=1),
            {"features": "convolutional"},
            "use form=rows, or features=dense",
        ),
        (IMAGE, {"count": 1}, "count = 1: give at least count=2"),
        (IMAGE, {"kernel": 0}, "kernel = 0: give at least kernel=1"),
        (IMAGE, {"grid": 0}, "grid = 0: give at least grid=1"),
        (IMAGE, {"regularisation": 0.0}, "regularisation = 0.0 must be greater than 0"),
        (IMAGE, {"budget": 20}, "budget = 20 bytes can't hold the statistics of 2 features"),
    ],
)
def test_options_without_an_effect_are_refused(
    signature: Signature, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        built("ridge", replace(toy(), signature=signature), **options)


def test_as_many_samples_as_features_are_no_problem() -> None:
    """Interpolation of noisy labels has its peak there; one sample's worth of λ removes it."""
    generator = torch.Generator().manual_seed(0)
    samples = torch.rand(1100, 6, 8, generator=generator)
    labels = (samples[:, 0].sum(1) > samples[:, 1].sum(1)).long()
    noisy = torch.where(torch.rand(1100, generator=generator) < 0.1, 1 - labels, labels)
    accuracies = []
    for regularisation in (1e-6, 1.0):
        regression = RidgeRegression(projections(99), 100, 2, regularisation).eval()
        regression.update(regression.features(samples[:100]), noisy[:100])
        answers = regression(samples[100:]).logits[:, 0].argmax(1)
        accuracies.append(float((answers == labels[100:]).float().mean()))
    assert accuracies[1] > accuracies[0] + 0.1
