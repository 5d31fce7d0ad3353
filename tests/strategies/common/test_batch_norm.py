"""Batch normalisation with mini-batches of one sample."""

import pytest
import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from benchmarks.tasks import induction
from results.errors import UsageError
from strategies.common.batch_norm import allow_single_samples, freeze_statistics
from strategies.sequence.train import run_task


def normalised() -> nn.BatchNorm1d:
    torch.manual_seed(0)
    layer = nn.BatchNorm1d(3)
    layer(torch.randn(8, 3))
    allow_single_samples(layer)
    return layer


def test_a_single_sample_uses_the_running_statistics_and_does_not_update_them() -> None:
    layer, sample = normalised(), torch.randn(1, 3)
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    answer = layer(sample)
    assert layer.training
    assert all(torch.equal(before[name], tensor) for name, tensor in layer.state_dict().items())
    assert torch.equal(answer, layer.eval()(sample))


def test_two_samples_are_normalised_as_in_torch() -> None:
    layer, plain, samples = normalised(), nn.BatchNorm1d(3), torch.randn(2, 3)
    plain.load_state_dict(layer.state_dict())
    assert torch.equal(layer(samples), plain(samples))
    assert torch.equal(layer.running_mean, plain.running_mean)
    sequence = torch.randn(1, 3, 5)
    assert torch.equal(layer(sequence), plain(sequence)), "one sample with several values"


def test_a_layer_that_fails_returns_to_training() -> None:
    layer = normalised()
    with pytest.raises(RuntimeError):
        layer(torch.randn(1, 4))
    assert layer.training


def test_frozen_statistics_are_not_updated() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).train()
    freeze_statistics(model)
    model(torch.randn(8, 3))
    assert torch.equal(model[1].running_mean, torch.zeros(3))
    assert model.training


def test_a_layer_without_running_statistics_is_refused() -> None:
    with pytest.raises(UsageError, match="track_running_stats=True"):
        allow_single_samples(nn.BatchNorm1d(3, track_running_stats=False))


def test_other_models_get_no_hooks_and_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    allow_single_samples(model)
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert capsys.readouterr().out == ""


class Normalised(SequenceModel):
    """Normalises the mean embedding of a sequence over the batch."""

    def __init__(self, signature: Signature) -> None:
        super().__init__()
        assert signature.vocabulary is not None
        self.embedding = nn.Embedding(signature.vocabulary, 8)
        self.normalise = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, signature.outputs)

    def initial_state(self, batch: int) -> Tensor:
        return torch.zeros(batch, 8)

    def forward(
        self,
        inputs: Tensor,
        state: Tensor | None = None,
        *,
        positions: Tensor,
        **options: object,
    ) -> ModelOutput:
        before = self.initial_state(len(inputs)) if state is None else state
        total = before + self.embedding(inputs).mean(1)
        logits = self.head(self.normalise(total))
        return ModelOutput(logits=logits[:, None].expand(-1, positions.shape[1], -1), state=total)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_task_with_batch_normalisation_finishes(batch_size: int) -> None:
    outcome = run_task(
        induction.build(induction.Config(train_length=16, furthest=64)),
        Normalised,
        steps=3,
        batch_size=batch_size,
        streams=1,
        learning_rate=1e-2,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda fraction: None,
    )
    assert outcome.metrics["accuracy"] is not None
