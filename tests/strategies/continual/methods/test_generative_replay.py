"""Deep generative replay: both losses, the labels and the copies of the networks, in a step."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn import functional

from strategies.continual.methods import generative_replay
from strategies.continual.methods.generative_replay import Config
from strategies.continual.stream import Scenario
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

SMALL = {"hidden": 16, "latent": 3}


@pytest.mark.parametrize("scenario", ["class", "domain", "task"])
def test_a_step_has_the_losses_of_the_paper(scenario: Scenario) -> None:
    """The second experience of two: weights of 1/2, labels of the model after the first."""
    stream = toy(epochs=1, scenario=scenario)
    strategy, plugin = built("generative-replay", stream, **SMALL)
    first, second = stream.benchmark.train_stream
    strategy.train(first)
    earlier = copy.deepcopy(strategy.model).eval()
    generator = copy.deepcopy(plugin.vae)
    known = list(stream.classes[0]) if scenario != "domain" else [0, 1]
    steps = []

    def compare(strategy: Any, **_: Any) -> None:
        inputs, labels = strategy.mb_x, strategy.mb_y
        assert len(labels) == 20
        tasks = (strategy.mb_task_id[10:],) if scenario == "task" else ()
        answers = earlier(inputs[10:], *tasks)[:, known]
        assert labels[10:].tolist() == [known[place] for place in answers.argmax(1).tolist()]
        entropies = functional.cross_entropy(strategy.mb_output, labels, reduction="none")
        torch.testing.assert_close(
            strategy.loss.squeeze(), (entropies[:10].mean() + entropies[10:].mean()) / 2
        )
        steps.append(inputs)

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    state = plugin._draws.get_state()
    strategy.train(second)
    assert len(steps) == 6
    draws = torch.Generator()
    draws.set_state(state)
    torch.testing.assert_close(steps[0][10:], generator.sample(torch.randn(10, 3, generator=draws)))


def test_the_generator_weights_new_and_generated_samples() -> None:
    """A step of gradient descent in the second experience: weights of 1/2."""
    stream = toy(epochs=1)
    strategy, plugin = built("generative-replay", stream, **SMALL)
    strategy.train(stream.benchmark.train_stream[0])
    vae, inputs, draws = plugin.vae, torch.rand(20, 4, 4), torch.Generator()
    draws.set_state(plugin._draws.get_state())
    noise = torch.randn(20, 3, generator=draws)
    parameters = list(vae.parameters())
    loss = (vae.loss(inputs[:10], noise[:10]) + vae.loss(inputs[10:], noise[10:])) / 2
    gradients = torch.autograd.grad(loss, parameters)
    expected = [p.detach() - gradient for p, gradient in zip(parameters, gradients, strict=True)]
    plugin.optimizer = torch.optim.SGD(parameters, lr=1.0)
    strategy.mbatch = [inputs, torch.zeros(20, dtype=torch.long)]
    plugin.new = 10
    plugin.after_update(strategy)
    torch.testing.assert_close([p.detach() for p in parameters], expected)


def test_generated_samples_resemble_earlier_classes_and_prevent_forgetting() -> None:
    outcome = run_stream(
        toy(epochs=20),
        Gru,
        generative_replay,
        method_config=Config(hidden=32, latent=4),
        learning_rate=0.01,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    assert outcome.metrics["accuracy"] > 0.8


def test_all_networks_count_as_parameters() -> None:
    stream = toy(epochs=1)
    outcome = run_stream(
        stream,
        Gru,
        generative_replay,
        method_config=Config(**SMALL),
        learning_rate=0.01,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    _, plugin = built("generative-replay", stream, **SMALL)
    sizes = [
        sum(p.numel() for p in network.parameters())
        for network in (Gru(stream.signature), plugin.vae)
    ]
    assert outcome.cost.parameters == 2 * sum(sizes)
    assert outcome.cost.buffer_bytes == 4
