"""Diverged training ends with an error, on streams as on tasks."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from baselines.interface import ModelOutput
from baselines.models import mlp
from strategies.common.training_log import diverged
from strategies.continual.datasets import labelled
from strategies.continual.methods import er, joint, latent_replay, naive, slda
from strategies.continual.metrics.accuracy_matrix import AccuracyMatrix
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Schedule, Stream
from strategies.continual.train import Progress, run_stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

CPU = torch.device("cpu")


def run(
    method: Any, stream: Stream, learning_rate: float, build: Any = Gru, **options: Any
) -> None:
    torch.manual_seed(0)
    config = method.Config(**options)
    run_stream(
        stream,
        build,
        method,
        method_config=config,
        learning_rate=learning_rate,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )


def stepped(losses: list[float], steps: int, boundaries: tuple[int, ...] = ()) -> None:
    """Report steps with these losses, and the end of an experience after some of them."""
    progress = Progress(lambda fraction: None, steps, 0.01)
    for place, loss in enumerate(losses, start=1):
        progress.after_training_iteration(SimpleNamespace(loss=torch.tensor(loss)))
        if place in boundaries:
            progress.after_training_exp(SimpleNamespace())


class Mute(Gru):
    """Trains normally, and then returns NaN in evaluation."""

    trained = False

    def forward(self, inputs: Tensor, *args: Any, **options: Any) -> ModelOutput:
        output = super().forward(inputs, *args, **options)
        self.trained = self.trained or self.training
        return (
            replace(output, logits=output.logits * float("nan"))
            if self.trained and not self.training
            else output
        )


class Closing(nn.Module):
    """Answers class 0, and masks all others with minus infinity."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.tensor([1.0, *[float("-inf")] * 3]).repeat(len(inputs), 1)


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(method, id=method.__name__.rpartition(".")[2])
        for method in (naive, er, joint, latent_replay)
    ],
)
@pytest.mark.parametrize(
    "schedule",
    [Schedule(epochs=3, batch_size=10), Schedule(online=20, batch_size=10)],
    ids=["offline", "online"],
)
def test_diverged_training_on_a_stream_ends_with_an_error(method: Any, schedule: Schedule) -> None:
    with pytest.raises(
        FloatingPointError,
        match=r"the loss was nan at step \d+ of \d+, at a learning rate of 1e\+30; .*rate=3e\+29\)",
    ):
        run(
            method,
            toy(schedule=schedule),
            1e30,
            lambda signature: mlp.build(mlp.Config(), signature),
        )


def test_the_loss_is_checked_at_the_end_of_an_experience() -> None:
    """Each hundredth has ten steps here."""
    stepped([1.0] * 8, steps=1000, boundaries=(4, 8))
    with pytest.raises(FloatingPointError, match="the loss was inf at step 4 of 1000"):
        stepped([1.0, 1.0, 1.0, float("inf")], steps=1000, boundaries=(4,))
    with pytest.raises(FloatingPointError, match="the loss was nan at step 10 of 1000"):
        stepped([1.0] * 3 + [float("nan")] * 9, steps=1000)


def test_steps_beyond_the_stream_have_no_total() -> None:
    with pytest.raises(
        FloatingPointError, match=r"the loss was nan at step 3, at a learning rate of 0\.01"
    ):
        stepped([1.0, 1.0, float("nan")], steps=2)


def test_logits_that_are_not_finite_after_training_are_an_error() -> None:
    with pytest.raises(
        FloatingPointError,
        match=r"diverged: answers to experience 0 were not finite after 18 steps, at a",
    ):
        run(naive, toy(), 0.01, Mute)


def test_nan_without_training_steps_gives_no_advice_on_the_learning_rate() -> None:
    stream = toy()
    experience = stream.benchmark.train_stream[0]
    inputs = torch.full((60, 4, 4), float("nan"))
    labels = torch.tensor(experience.dataset.targets)
    experience._dataset = labelled(TensorDataset(inputs, labels), labels, 0)
    with pytest.raises(
        FloatingPointError,
        match=r"^answers to experience 0 were not finite, and no step was made yet",
    ):
        run(slda, stream, 0.01, features="inputs")


def test_masked_logits_next_to_a_finite_one_are_no_divergence() -> None:
    stream = toy()
    model = Closing()
    model.unused = nn.Parameter(torch.zeros(1))
    strategy = ContinualStrategy(model=model, stream=stream, learning_rate=0.1, seed=0, device=CPU)
    strategy.eval(stream.benchmark.test_stream)
    assert isinstance(strategy.evaluator, AccuracyMatrix)
    assert strategy.evaluator.rows == [[0.5 if 0 in share else 0.0 for share in stream.classes]]


@pytest.mark.parametrize(
    ("used", "advised"), [(0.003, "0.001"), (0.001, "0.0003"), (1e-4, "3e-05"), (1.0, "0.3")]
)
def test_the_advised_rate_is_lower_than_the_used_one(used: float, advised: str) -> None:
    assert str(diverged("the loss was nan", used)).endswith(
        f"(--set training.learning_rate={advised})"
    )
