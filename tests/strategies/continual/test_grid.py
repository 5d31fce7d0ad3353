"""Every stream scenario with every method and kind of model, at several batch sizes.

A combination finishes with finite numbers, or is refused when it is built.
"""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.models import lstm, memnet
from baselines.registry import Registry
from memnet.config import MemNetConfig
from results.errors import UsageError
from strategies.continual.stream import Scenario, Schedule
from strategies.continual.train import run_stream
from tests.strategies.continual.toy_stream import NEEDS_BOUNDARIES, toy

QUICK: dict[str, dict[str, Any]] = {
    "gdumb": {"passes": 1},
    "ewc": {"samples": 2},
    "memnet": {"slots": 8, "hidden": 8},
    "er-encoder": {"hidden": 8},
    "latent-replay": {"code": 8, "hidden": 8},
}
SCENARIOS: tuple[Scenario, ...] = ("class", "domain", "task")
SAMPLES = 10
"""Training samples of an experience: mini-batches of 3 leave a single one."""
SCHEDULES = [
    *(Schedule(epochs=1, batch_size=size) for size in (1, 2, 3)),
    *(Schedule(online=online, batch_size=size) for online, size in ((1, 1), (3, 2), (3, 3))),
]


@dataclass(frozen=True)
class NoState:
    """The state of a model that reads whole samples."""


class Perceptron(SequenceModel):
    """A small perceptron with one more layer, such as normalisation or dropout."""

    def __init__(self, signature: Signature, layer: nn.Module) -> None:
        super().__init__()
        values = signature.length * (signature.features or 1)
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(values, 8), layer, nn.ReLU(), nn.Linear(8, signature.outputs)
        )

    def initial_state(self, batch: int) -> NoState:
        return NoState()

    def forward(self, inputs: Tensor, state: Any = None, **options: Any) -> ModelOutput:
        return ModelOutput(logits=self.layers(inputs)[:, None], state=NoState())


def small_memnet(signature: Signature) -> SequenceModel:
    return memnet.build(MemNetConfig(width=8, bottleneck=8, slots=4, key_width=4), signature)


MODELS = {
    "batch-norm": lambda signature: Perceptron(signature, nn.BatchNorm1d(8)),
    "dropout": lambda signature: Perceptron(signature, nn.Dropout(0.5)),
    "lstm": lambda signature: lstm.build(lstm.Config(width=8), signature),
    "memnet": small_memnet,
}


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", Registry("method").names())
def test_a_combination_finishes_with_finite_numbers_or_is_refused(method: str, model: str) -> None:
    module = Registry("method").get(method).load()
    for scenario in SCENARIOS:
        for schedule in SCHEDULES:
            case = f"{scenario}, {schedule}"
            refused = bool(schedule.online) and method in NEEDS_BOUNDARIES
            stream = toy(count=2 * SAMPLES, scenario=scenario, schedule=schedule)
            torch.manual_seed(0)
            try:
                outcome = run_stream(
                    stream,
                    MODELS[model],
                    module,
                    method_config=module.Config(**QUICK.get(method, {})),
                    learning_rate=1e-3,
                    seed=0,
                    device=torch.device("cpu"),
                    progress=lambda fraction: None,
                )
            except UsageError:
                assert refused, case
                continue
            assert not refused, case
            numbers = [value for value in outcome.metrics.values() if value is not None]
            assert numbers, case
            assert all(math.isfinite(value) for value in numbers), case
