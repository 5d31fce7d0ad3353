"""iCaRL: herding, the loss and the answers by hand, and the exemplars during training."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from results.errors import UsageError
from strategies.continual.methods.icarl import icarl_loss
from strategies.continual.replay.exemplars import herded
from tests.strategies.continual.methods.method_steps import built, rows
from tests.strategies.continual.toy_stream import toy


def test_the_loss_by_hand() -> None:
    """Class 0 is from earlier, 1 and 2 are of this experience, 3 is unseen."""
    logits = torch.tensor([[0.3, -1.0, 2.0, 9.0], [1.5, 0.2, -0.4, 9.0]])
    old = torch.tensor([[0.8, 7.0, 7.0, 7.0], [-0.6, 7.0, 7.0, 7.0]])
    labels = torch.tensor([2, 0])
    current = torch.tensor([False, True, True, False])
    earlier = torch.tensor([True, False, False, False])
    g, q = logits.double().sigmoid(), old.double().sigmoid()

    def entropy(target: Any, share: Any) -> Any:
        return -(target * share.log() + (1 - target) * (1 - share).log())

    new = entropy(q[0, 0], g[0, 0]) + entropy(0.0, g[0, 1]) + entropy(1.0, g[0, 2])
    exemplar = entropy(q[1, 0], g[1, 0]) + entropy(0.0, g[1, 1]) + entropy(0.0, g[1, 2])
    found = icarl_loss(logits, labels, old, current, earlier)
    assert float(found) == pytest.approx(float(new + exemplar) / 2, abs=1e-5)
    first = icarl_loss(logits[:1], labels[:1], None, current, torch.zeros_like(earlier))
    assert float(first) == pytest.approx(
        float(entropy(0.0, g[0, 1]) + entropy(1.0, g[0, 2])), abs=1e-5
    )


def test_exemplars_are_herded_and_reduced_from_the_end() -> None:
    stream = toy(epochs=1)
    strategy, plugin = built("icarl", stream, mem_size=21)
    one, two = stream.benchmark.train_stream
    strategy.train(one)
    first, labels = plugin.exemplars.take(torch.arange(len(plugin.exemplars)))
    assert plugin.exemplars.seen.tolist() == [10, 10, 0, 0]
    samples = torch.stack([sample[0] for sample in one.dataset])
    targets = torch.tensor(list(one.dataset.targets))
    strategy.model.eval()
    for label in stream.classes[0]:
        own = samples[targets == label]
        expected = own[herded(plugin.answers.features(own), 10)]
        assert rows(first[labels == label]) == rows(expected)
    strategy.train(two)
    second, again = plugin.exemplars.take(torch.arange(len(plugin.exemplars)))
    assert plugin.exemplars.seen.tolist() == [5, 5, 5, 5]
    for label in stream.classes[0]:
        assert rows(second[again == label]) == rows(first[labels == label][:5])
    assert plugin.stored_bytes() == 20 * (16 + 1) + 4 * 4


@pytest.mark.parametrize("scenario", ["class", "domain"])
def test_answers_are_those_of_the_nearest_mean(scenario: Any) -> None:
    stream = toy(epochs=1, scenario=scenario)
    strategy, plugin = built("icarl", stream, mem_size=40)
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
    strategy.model.eval()
    stored, labels = plugin.exemplars.take(torch.arange(len(plugin.exemplars)))
    means = plugin.answers.features(stored).reshape(4, 10, -1).mean(1)
    owners = labels.reshape(4, 10)[:, 0]
    samples = torch.stack([sample[0] for sample in stream.benchmark.test_stream[0].dataset])
    distances = torch.stack(
        [(plugin.answers.features(samples) - mean).norm(dim=1) for mean in means]
    )
    assert strategy.model(samples).argmax(1).tolist() == owners[distances.argmin(0)].tolist()


def test_training_distils_the_model_before_the_experience() -> None:
    stream = toy(epochs=2)
    strategy, _ = built("icarl", stream, mem_size=40)
    one, two = stream.benchmark.train_stream
    strategy.train(one)
    before = copy.deepcopy(strategy.model.model.model)
    steps: list[float] = []

    def compare(strategy: Any, **_: Any) -> None:
        current, earlier = (
            torch.isin(torch.arange(4), torch.tensor(share)) for share in stream.classes
        )
        with torch.no_grad():
            old = before(strategy.mb_x).logits[:, -1]
        expected = icarl_loss(strategy.mb_output, strategy.mb_y, old, earlier, current)
        torch.testing.assert_close(strategy.loss.squeeze(), expected)
        steps.append(float(expected.detach()))

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    strategy.train(two)
    assert len(steps) == 12


def test_a_budget_below_an_exemplar_per_class_is_refused_with_one_that_works() -> None:
    with pytest.raises(UsageError, match=r"each of 4 classes: give at least budget=84"):
        built("icarl", toy(), budget=83)
    with pytest.raises(UsageError, match=r"or mem_size=4"):
        built("icarl", toy(), mem_size=3)
    for options in ({"budget": 84}, {"mem_size": 4}):
        assert built("icarl", toy(), **options)[1].exemplars.capacity == 4 * 17
