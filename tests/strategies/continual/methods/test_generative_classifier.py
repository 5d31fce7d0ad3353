"""Generative classifier: separate VAEs, Bayes' rule, and reading each sample alone."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from results.errors import UsageError
from strategies.continual.methods import generative_classifier
from strategies.continual.methods.generative_classifier import ClassGenerators, Config
from strategies.continual.stream import Schedule
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy


def weights(generators: ClassGenerators, label: int) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in generators.vae(label).parameters()]


def test_a_class_changes_its_own_generator_alone() -> None:
    stream = toy(epochs=1)
    strategy, plugin = built("generative-classifier", stream)
    generators = plugin.generators
    before = [weights(generators, label) for label in range(4)]
    for part, experience in enumerate(stream.benchmark.train_stream):
        strategy.train(experience)
        after = [weights(generators, label) for label in range(4)]
        for label in range(4):
            same = all(map(torch.equal, before[label], after[label]))
            assert same is (label not in stream.classes[part])
        before = after


def test_the_answer_is_the_class_of_the_highest_likelihood() -> None:
    stream = toy()
    _, plugin = built("generative-classifier", stream, samples=4)
    generators, inputs = plugin.generators.eval(), torch.rand(9, 4, 4)
    generators.seen[:] = torch.tensor([True, False, True, True])
    logits = generators(inputs).logits[:, 0]
    for label in (0, 2, 3):
        expected = generators.vae(label).log_likelihood(inputs, generators.noise) / 16
        torch.testing.assert_close(logits[:, label], expected)
    assert (logits[:, 1] < -1e3).all()
    alone = torch.cat([generators(row[None]).logits[:, 0] for row in inputs])
    torch.testing.assert_close(alone, logits)


def test_the_loss_is_the_sum_of_the_losses_of_the_classes() -> None:
    _, plugin = built("generative-classifier", toy())
    generators = plugin.generators
    inputs, labels = torch.rand(5, 4, 4), torch.tensor([3, 0, 3, 3, 0])
    found = generators.loss(inputs, labels, torch.Generator().manual_seed(1))
    draws = torch.Generator().manual_seed(1)
    expected = sum(
        generators.vae(label).loss(inputs[labels == label], torch.randn(n, 5, generator=draws))
        for label, n in ((0, 2), (3, 3))
    )
    torch.testing.assert_close(found, expected)


def test_a_step_uses_all_gathered_mini_batches() -> None:
    """Two experiences of three mini-batches have a step after every second of the six."""
    stream = toy(schedule=Schedule(iterations=3, batch_size=8))
    strategy, plugin = built("generative-classifier", stream, gather=2)
    seen, steps, plain = [], [], plugin.generators.loss

    def loss(inputs: Tensor, labels: Tensor, draws: torch.Generator) -> Tensor:
        steps.append((len(seen), inputs))
        return plain(inputs, labels, draws)

    plugin.generators.loss = loss
    note = SimpleNamespace(before_backward=lambda strategy, **_: seen.append(strategy.mb_x))
    strategy.plugins.insert(0, note)
    before = weights(plugin.generators, stream.classes[0][0])
    for part, experience in enumerate(stream.benchmark.train_stream):
        strategy.train(experience)
        if part == 0:
            assert plugin.stored_bytes() == 4 + seen[2].nbytes + 8 * 8
    assert [count for count, _ in steps] == [2, 4, 6]
    for place, (_, inputs) in enumerate(steps):
        assert torch.equal(inputs, torch.cat(seen[2 * place : 2 * place + 2]))
    changed = zip(before, weights(plugin.generators, stream.classes[0][0]), strict=True)
    assert not all(torch.equal(one, other) for one, other in changed)


def test_without_a_step_nothing_changes() -> None:
    stream = toy(schedule=Schedule(iterations=3, batch_size=8))
    strategy, plugin = built("generative-classifier", stream, gather=4)
    before = weights(plugin.generators, stream.classes[0][0])
    strategy.train(stream.benchmark.train_stream[0])
    after = weights(plugin.generators, stream.classes[0][0])
    assert all(map(torch.equal, before, after))


@pytest.mark.parametrize(
    "schedule", [Schedule(epochs=20, batch_size=10), Schedule(online=10, batch_size=10)]
)
def test_it_learns_classes_one_after_the_other(schedule: Schedule) -> None:
    torch.manual_seed(0)
    outcome = run_stream(
        toy(schedule=schedule),
        Gru,
        generative_classifier,
        method_config=Config(samples=5),
        learning_rate=0.01,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    assert outcome.metrics["accuracy"] > (0.5 if schedule.online else 0.95)
    one = sum(p.numel() for p in ClassGenerators(toy(), Config(), 0).vae(0).parameters())
    assert outcome.cost.parameters == 4 * one
    assert outcome.cost.buffer_bytes == 4


@pytest.mark.parametrize("option", ["hidden", "layers", "latent", "samples", "gather"])
def test_sizes_below_one_are_refused(option: str) -> None:
    options: dict[str, Any] = {option: 0}
    with pytest.raises(UsageError, match=f"{option} = 0: give at least {option}=1"):
        built("generative-classifier", toy(), **options)
