"""Bytes of the state that one sample carries in training."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from results.records.record_parts import Cost
from strategies.common.checkpoint import Checkpoint
from strategies.continual.methods import er, latent_replay, lwf, naive, ridge
from strategies.continual.metrics.state_size import TrainingState
from strategies.continual.stream import Schedule
from strategies.continual.train import run_stream
from tests.strategies.continual.toy_stream import toy


@dataclass(frozen=True)
class WholeSample:
    """A state with a whole sample in training, and a single number in evaluation."""

    read: Tensor
    steps: int


class Keeps(SequenceModel):
    """A linear classifier whose state is larger in training."""

    def __init__(self, signature: Signature) -> None:
        super().__init__()
        assert signature.features is not None
        self.out = nn.Linear(signature.length * signature.features, signature.outputs)

    def initial_state(self, batch: int) -> WholeSample:
        return WholeSample(torch.zeros(batch, 1), 0)

    def forward(self, inputs: Tensor, state: Any = None, **options: Any) -> ModelOutput:
        read = inputs.flatten(1).double() if self.training else inputs[:, 0, :1]
        logits = self.out(inputs.flatten(1))[:, None]
        return ModelOutput(logits=logits, state=WholeSample(read, inputs.shape[1]))


def cost(method: Any, checkpoint: Checkpoint | None = None, stop_at: float = 2.0) -> Cost:
    def progress(fraction: float) -> None:
        if fraction >= stop_at:
            raise KeyboardInterrupt

    torch.manual_seed(0)
    return run_stream(
        toy(count=20, schedule=Schedule(epochs=2, batch_size=4)),
        Keeps,
        method,
        method_config=method.Config(),
        learning_rate=1e-2,
        seed=0,
        device=torch.device("cpu"),
        progress=progress,
        checkpoint=checkpoint,
    ).cost


@pytest.mark.parametrize("method", [naive, er, lwf])
def test_a_sample_of_4_by_4_doubles_takes_128_bytes_in_training(method: Any) -> None:
    assert cost(method).training_state_bytes == 4 * 4 * 8
    assert cost(method).state_bytes == 4


@pytest.mark.parametrize("method", [ridge, latent_replay])
def test_without_a_forward_pass_in_training_there_is_no_state(method: Any) -> None:
    """Latent replay trains a narrow layer above features of an evaluated trunk."""
    found = cost(method).training_state_bytes
    assert found == (0 if method is ridge else 4 * 4 * 8)


def test_a_resumed_stream_measures_the_same(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(KeyboardInterrupt):
        cost(naive, Checkpoint(path, "key", every=0.0), stop_at=1.0)
    assert cost(naive, Checkpoint(path, "key", every=0.0)).training_state_bytes == 4 * 4 * 8


def test_copies_of_the_model_count_and_evaluation_does_not() -> None:
    model = Keeps(Signature(features=4, outputs=2, length=4))
    measured = TrainingState(model)
    other = copy.deepcopy(model)
    model.eval()(torch.zeros(3, 4, 4))
    assert measured.bytes == 0
    other.train()(torch.zeros(3, 4, 4))
    assert measured.bytes == 4 * 4 * 8
    measured.load_state_dict({"bytes": 7})
    measured.remove()
    model.train()(torch.zeros(3, 4, 4))
    assert measured.state_dict() == {"bytes": 7}
