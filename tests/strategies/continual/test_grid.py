"""Every stream scenario with every method and kind of model, at several batch sizes.

A combination finishes with finite numbers, or is refused when it is built.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.models import lstm, memnet
from baselines.registry import Registry
from benchmarks.datasets.labelled_images import Images
from benchmarks.streams import features, split_mnist_1d, text_domains
from memnet.config import MemNetConfig
from results.errors import UsageError
from strategies.continual.stream import Scenario, Schedule, Stream
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
SAMPLES = 4
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
    sizes = MemNetConfig(
        width=8, bottleneck=8, heads=1, controller_heads=2, slots=4, key_width=4, hops=1
    )
    return memnet.build(sizes, signature)


MODELS = {
    "batch-norm": lambda signature: Perceptron(signature, nn.BatchNorm1d(8)),
    "dropout": lambda signature: Perceptron(signature, nn.Dropout(0.5)),
    "lstm": lambda signature: lstm.build(lstm.Config(width=8), signature),
    "memnet": small_memnet,
}


LOADED = {entry.name: entry.load() for entry in Registry("method")}
"""The modules of the methods: reading the registry takes longer than a combination."""

METHODS = {name: (name, QUICK.get(name, {})) for name in LOADED} | {
    "memnet[encoder=learned]": ("memnet", {**QUICK["memnet"], "encoder": "learned", "code": 4})
}
"""Methods, and the other encoder of MemNet's."""

NEEDS_IMAGES = ("er-compressed", "er-lossy")
"""Methods that are refused on samples that are no images of bytes."""

OF_MANY_CLASSES: dict[str, dict[str, int]] = {"memnet": {"slots": 256}, "icarl": {"mem_size": 615}}
"""Options for which a memory has room for each of 256 classes in two experiences."""


def run(method: str, model: str, stream: Stream, *, many: bool = False) -> dict[str, float | None]:
    """Return the metrics of a combination."""
    name, options = METHODS[method]
    options = options | (OF_MANY_CLASSES.get(name, {}) if many else {})
    module = LOADED[name]
    torch.manual_seed(0)
    return dict(
        run_stream(
            stream,
            MODELS[model],
            module,
            method_config=module.Config(**options),
            learning_rate=1e-3,
            seed=0,
            device=torch.device("cpu"),
            progress=lambda fraction: None,
        ).metrics
    )


def assert_finite(metrics: Mapping[str, float | None], case: str) -> None:
    numbers = [value for value in metrics.values() if value is not None]
    assert numbers, case
    assert all(math.isfinite(value) for value in numbers), case


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", METHODS)
def test_a_combination_finishes_with_finite_numbers_or_is_refused(method: str, model: str) -> None:
    for scenario in SCENARIOS:
        for schedule in SCHEDULES:
            case = f"{scenario}, {schedule}"
            refused = bool(schedule.online) and method in NEEDS_BOUNDARIES
            stream = toy(count=2 * SAMPLES, scenario=scenario, schedule=schedule)
            try:
                metrics = run(method, model, stream)
            except UsageError:
                assert refused, case
                continue
            assert not refused, case
            assert_finite(metrics, case)


def mnist_1d(root: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    parts = []
    for part in range(2):
        draws = np.random.default_rng(part)
        labels = np.arange(40, dtype=np.uint8) % 10
        pixels = draws.integers(0, 256, (40, 40, 1)).astype(np.uint8)
        parts.append(Images(pixels=pixels, labels=labels))
    monkeypatch.setattr(split_mnist_1d, "generate", lambda: parts)
    monkeypatch.setattr(split_mnist_1d, "verify", lambda *_: None)
    config = split_mnist_1d.Config(experiences=2, epochs=1, batch_size=3)
    return split_mnist_1d.build(config, seed=0, data_root=root)


def own_features(root: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    values = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    np.savez(root / "birds.npz", features=values, labels=np.arange(40) % 4)
    config = features.Config(data="birds", experiences=2, epochs=1, batch_size=3)
    return features.build(config, seed=0, data_root=root)


def texts(root: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    draws = np.random.default_rng(0)
    found = {name: draws.bytes(20_000) for name in ("one", "two")}
    monkeypatch.setattr(text_domains, "domains", lambda data, place: found)
    config = text_domains.Config(context=4, samples=20, tests=10, epochs=1, batch_size=3)
    return text_domains.build(config, seed=0, data_root=root)


FURTHER = {"split-mnist-1d": mnist_1d, "features": own_features, "text-domains": texts}
"""Small instances of the kinds of stream that are not images."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", FURTHER)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_finishes_on_further_kinds_of_stream_or_is_refused(
    method: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = FURTHER[kind](tmp_path, monkeypatch)
    if method in NEEDS_IMAGES and kind != "split-mnist-1d":
        with pytest.raises(UsageError, match="stores images of bytes"):
            run(method, "lstm", stream)
        return
    assert_finite(run(method, "lstm", stream, many=True), kind)
