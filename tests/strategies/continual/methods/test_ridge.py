"""Ridge regression on random features against scikit-learn, and its independence of the order."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from baselines.interface import Signature
from results.errors import UsageError
from strategies.continual.methods import ridge
from strategies.continual.methods.ridge import (
    Config,
    RandomConvolutions,
    RandomProjections,
    RidgeRegression,
)
from strategies.continual.stream import Scenario, Schedule, Stream
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

IMAGE = Signature(features=8, outputs=3, length=6)


def trained(stream: Stream, **options: Any) -> tuple[Any, RidgeRegression]:
    strategy, plugin = built("ridge", stream, **options)
    for experience, _ in stream.experiences():
        strategy.train(experience)
    return strategy, plugin.regression


def all_samples(stream: Stream) -> tuple[Tensor, Tensor]:
    samples = [s for part in stream.benchmark.train_stream for s in part.dataset]
    return torch.stack([s[0] for s in samples]), torch.tensor([int(s[1]) for s in samples])


def test_random_convolutions_by_hand() -> None:
    """One filter of 3×4 on an image of 6×8 has 4×5 responses, whose four quarters overlap."""
    random = RandomConvolutions(IMAGE, 4, Config(grid=2), seed=1)
    (filter_,) = random.filters[:, 0]
    assert filter_.shape == (3, 4)
    assert float(filter_.mean()) == pytest.approx(0, abs=1e-6)
    assert float(filter_.square().sum()) == pytest.approx(1)
    assert -0.5 < float(random.bias) <= 0
    image = torch.rand(6, 8, generator=torch.Generator().manual_seed(0))
    responses = torch.tensor(
        [
            [
                max(0.0, float((image[y : y + 3, x : x + 4] * filter_).sum() + random.bias))
                for x in range(5)
            ]
            for y in range(4)
        ]
    )
    quarters = [responses[rows, columns].mean() for rows in (slice(2), slice(2, 4))
                for columns in (slice(3), slice(2, 5))]  # fmt: skip
    assert responses.max() > 0
    torch.testing.assert_close(random(image[None])[0], torch.stack(quarters))


def test_random_projections_by_hand() -> None:
    random = RandomProjections(IMAGE, 5, seed=1)
    samples = torch.randn(7, 6, 8, generator=torch.Generator().manual_seed(0))
    expected = (samples.reshape(7, 48) @ random.weights).clamp(min=0)
    torch.testing.assert_close(random(samples), expected)
    assert float(random.weights.square().mean()) == pytest.approx(1 / 48, rel=0.3)


@pytest.mark.parametrize("features", ["convolutional", "dense"])
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
    generator = torch.Generator().manual_seed(0)
    samples, labels = torch.rand(90, 6, 8, generator=generator), torch.arange(90) % 3
    regression = RidgeRegression(RandomProjections(IMAGE, 9, seed=0), 10, 3, 0.01)
    regression.eval()
    for piece, classes in zip(samples.split(7), labels.split(7), strict=True):
        regression.update(regression.features(piece), classes)
    features = regression.features(samples).double()
    penalty = 0.01 * float(features.square().sum()) / 10
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
    joint = RidgeRegression(regression.random, 20, stream.signature.outputs, 1e-5)
    joint.update(joint.features(inputs), labels)
    assert torch.equal(regression.seen, joint.seen)
    torch.testing.assert_close(regression.gram, joint.gram, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(regression.sums, joint.sums, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(regression.solve(), joint.solve(), atol=1e-2, rtol=1e-2)


def test_unseen_classes_are_masked() -> None:
    regression = RidgeRegression(RandomProjections(IMAGE, 9, seed=0), 10, 3, 0.01).eval()
    samples = torch.rand(4, 6, 8)
    assert not regression(samples).logits.isnan().any()
    regression.update(regression.features(samples), torch.tensor([0, 0, 2, 2]))
    assert (regression(samples).logits[:, 0, 1] < -1e3).all()


@pytest.mark.parametrize("features", ["convolutional", "dense"])
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
    least = ridge.statistics_bytes(2, classes)
    if budget < least:
        with pytest.raises(UsageError, match=rf"give at least budget={least}"):
            ridge.count_within(budget, classes)
        return
    count = ridge.count_within(budget, classes)
    assert ridge.statistics_bytes(count, classes) <= budget
    assert ridge.statistics_bytes(count + 1, classes) > budget


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


def test_flat_images_have_the_features_of_rows() -> None:
    rows = RandomConvolutions(Signature(features=8, outputs=3, length=8), 9, Config(), seed=0)
    flat = RandomConvolutions(Signature(features=64, outputs=3, length=1), 9, Config(), seed=0)
    samples = torch.rand(5, 8, 8)
    assert torch.equal(rows(samples), flat(samples.reshape(5, 1, 64)))


@pytest.mark.parametrize(
    ("signature", "options", "message"),
    [
        (Signature(features=40, outputs=3, length=1), {}, "use form=rows, or features=dense"),
        (IMAGE, {"count": 1}, "count = 1: give at least count=2"),
        (IMAGE, {"kernel": 0}, "kernel = 0: give at least kernel=1"),
        (IMAGE, {"grid": 0}, "grid = 0: give at least grid=1"),
        (IMAGE, {"regularisation": 0.0}, "regularisation = 0.0 must be above 0"),
        (IMAGE, {"budget": 20}, "budget = 20 bytes can't hold the statistics of 2 features"),
    ],
)
def test_options_without_an_effect_are_refused(
    signature: Signature, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        built("ridge", replace(toy(), signature=signature), **options)
