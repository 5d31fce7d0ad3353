"""MemNet's memory in plain Avalanche scripts, with any strategy and any classifier."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from avalanche.benchmarks import SplitMNIST, benchmark_from_datasets
from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute
from avalanche.training import Naive
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from baselines.registry import Registry
from memnet.persistent.config import PersistentConfig
from results.errors import UsageError
from strategies.continual.memnet.plugin import MemNetPlugin
from strategies.continual.memnet.strategy import MemNetStrategy
from strategies.continual.memnet.wrap import Memory, remember
from strategies.continual.methods import memnet
from strategies.continual.metrics.accuracy_matrix import AccuracyMatrix
from strategies.continual.train import run_stream
from tests.strategies.continual.toy_stream import toy

SHAPE = (1, 4, 4)


def images(
    classes: tuple[int, ...], seed: int, normalised: tuple[float, float] = (0.0, 1.0)
) -> AvalancheDataset[Any]:
    """Return sixty images, normalised by mean and deviation; each class has its own bright row."""
    labels = torch.tensor(classes)[torch.arange(60) % len(classes)]
    inputs = 0.15 * torch.rand(60, *SHAPE, generator=torch.Generator().manual_seed(seed))
    inputs[torch.arange(60), 0, labels] += 0.8
    return tensor_dataset((inputs - normalised[0]) / normalised[1], labels)


def tensor_dataset(inputs: Tensor, labels: Tensor) -> AvalancheDataset[Any]:
    return AvalancheDataset(
        [TensorDataset(inputs, labels)],
        data_attributes=[DataAttribute(labels.tolist(), "targets")],
    )


def benchmark(normalised: tuple[float, float] = (0.0, 1.0)) -> Any:
    parts = [
        [
            images(classes, 2 * place + part, normalised)
            for place, classes in enumerate([(0, 1), (2, 3)])
        ]
        for part in range(2)
    ]
    return benchmark_from_datasets(train=parts[0], test=parts[1])


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128, 32),
        nn.ReLU(),
        nn.Linear(32, 4),
    )


def plain(memory: Memory, epochs: int = 6) -> Naive:
    return Naive(
        model=memory,
        optimizer=torch.optim.Adam(memory.parameters(), lr=1e-2),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=10,
        train_epochs=epochs,
        eval_mb_size=32,
        plugins=[MemNetPlugin(memory, seed=0), AccuracyMatrix()],
        evaluator=None,
    )


def accuracy(strategy: Any, stream: Any) -> float:
    strategy.eval(stream)
    (matrix,) = [plugin for plugin in strategy.plugins if isinstance(plugin, AccuracyMatrix)]
    return sum(matrix.rows[-1]) / len(matrix.rows[-1])


def around(**options: Any) -> Memory:
    config = PersistentConfig(**{"slots": 20, "encoder": "learned", **options})
    return remember(
        net() if config.encoder == "learned" else None, config, shape=SHAPE, classes=4, seed=0
    )


@pytest.mark.parametrize("encoder", ["fixed", "learned"])
def test_a_model_that_would_not_be_used_or_is_needed_is_refused(
    encoder: Literal["fixed", "learned"],
) -> None:
    config = PersistentConfig(slots=20, encoder=encoder)
    with pytest.raises(UsageError, match=r"PersistentConfig\(encoder='learned'\)"):
        remember(net() if encoder == "fixed" else None, config, shape=SHAPE, classes=4, seed=0)


@pytest.mark.parametrize("encoder", ["fixed", "learned"])
def test_the_plugin_works_in_a_plain_avalanche_strategy(encoder: str) -> None:
    data, memory = benchmark(), around(encoder=encoder)
    strategy = plain(memory)
    for experience in data.train_stream:
        strategy.train(experience)
    assert accuracy(strategy, data.test_stream) > 0.8
    assert len(memory.bank.links) == 20


@pytest.mark.parametrize("encoder", ["fixed", "learned"])
def test_memnet_strategy_remembers(encoder: Literal["fixed", "learned"]) -> None:
    data = benchmark()
    strategy = MemNetStrategy(
        model=net() if encoder == "learned" else None,
        shape=SHAPE,
        classes=4,
        config=PersistentConfig(slots=20, encoder=encoder),
        learning_rate=1e-2,
        plugins=[AccuracyMatrix()],
        train_mb_size=10,
        train_epochs=6,
        evaluator=None,
    )
    for experience in data.train_stream:
        strategy.train(experience)
    assert accuracy(strategy, data.test_stream) > 0.8


def digits() -> Any:
    """Return Split Digits as a plain Avalanche benchmark: five experiences of two classes."""
    data = load_digits()
    inputs = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(data.target, dtype=torch.long)
    parts = []
    for part in range(2):
        chosen = [
            torch.nonzero(labels // 2 == place).flatten()[part::4].tolist() for place in range(5)
        ]
        parts.append([tensor_dataset(inputs[places], labels[places]) for places in chosen])
    return benchmark_from_datasets(train=parts[0], test=parts[1])


def digit_strategy(encoder: Literal["fixed", "learned"]) -> tuple[Naive, MemNetPlugin]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    config = PersistentConfig(slots=60, encoder=encoder)
    model = net if encoder == "learned" else None
    memory = remember(model, config, shape=(1, 8, 8), classes=10, seed=0)
    strategy = plain(memory, epochs=2)
    (plugin,) = [plugin for plugin in strategy.plugins if isinstance(plugin, MemNetPlugin)]
    return strategy, plugin


@pytest.mark.parametrize("done", [1, 3])
@pytest.mark.parametrize("encoder", ["fixed", "learned"])
def test_a_restored_script_ends_with_the_same_numbers(
    done: int, encoder: Literal["fixed", "learned"], tmp_path: Path
) -> None:
    """The steps are those of the docstring of the plugin."""
    data, path = digits(), tmp_path / "state.pt"
    strategy, plugin = digit_strategy(encoder)
    for place, experience in enumerate(data.train_stream):
        if place == done:
            saved: Any = {
                "model": strategy.model.state_dict(),
                "plugin": plugin.state_dict(),
                "optimizer": strategy.optimizer.state_dict(),
                "rng": torch.get_rng_state(),
            }
            torch.save(saved, path)
        strategy.train(experience)
    ends = [(accuracy(strategy, data.test_stream), strategy.model.state_dict())]
    slots = [plugin.slot_statistics()]
    strategy, plugin = digit_strategy(encoder)
    saved = torch.load(path, weights_only=True)
    strategy.model.load_state_dict(saved["model"])
    plugin.load_state_dict(saved["plugin"])
    strategy.optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["rng"])
    for experience in data.train_stream[done:]:
        strategy.train(experience)
    ends.append((accuracy(strategy, data.test_stream), strategy.model.state_dict()))
    slots.append(plugin.slot_statistics())
    assert ends[0][0] == ends[1][0]
    assert all(torch.equal(tensor, ends[1][1][name]) for name, tensor in ends[0][1].items())
    assert slots[0] == slots[1]


def test_normalised_images_are_remembered_as_well_as_plain_ones() -> None:
    """Dreams have the values of the samples, so rehearsal retains the first classes."""
    found = []
    for mean, deviation in ((0.0, 1.0), (0.2, 0.25)):
        strategy = plain(memory := around(), epochs=8)
        data = benchmark(normalised=(mean, deviation))
        for experience in data.train_stream:
            strategy.train(experience)
        slots = torch.nonzero(memory.bank.settled).flatten()
        dreams = memory.dream(slots).inputs
        found.append((accuracy(strategy, data.test_stream), deviation * dreams + mean))
    assert all(one > 0.9 for one, _ in found)
    assert all(float(dreams.min()) >= 0 and float(dreams.max()) > 0.7 for _, dreams in found)


def test_values_that_are_not_finite_are_refused() -> None:
    strategy = plain(around())
    with pytest.raises(UsageError, match=r"method memnet: .* they must be finite"):
        strategy.train(benchmark(normalised=(0.0, 0.0)).train_stream[0])


def test_dream_every_sets_the_interval_of_sleeps() -> None:
    memory = around(dream_every=24)
    strategy = plain(memory, epochs=1)
    slept: list[int] = []
    sleep = memory.sleep
    memory.sleep = lambda: (slept.append(int(memory.bank.clock)), sleep())[1]
    for experience in [
        benchmark_from_datasets(train=[part]).train_stream[0] for part in tens(images((0, 1), 0))
    ]:
        strategy.train(experience)
    assert slept == [30, 50]
    assert int(memory.bank.clock) == 60
    assert 0 < int((~memory.bank.settled).sum()) < 20


def tens(dataset: AvalancheDataset[Any]) -> list[AvalancheDataset[Any]]:
    return [dataset.subset(list(range(start, start + 10))) for start in range(0, len(dataset), 10)]


def test_a_fixed_encoder_takes_values_of_any_scale() -> None:
    data = benchmark((0.5, 0.01))
    strategy = plain(around(encoder="fixed"))
    for experience in data.train_stream:
        strategy.train(experience)
    assert accuracy(strategy, data.test_stream) > 0.8


@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "transformer", "memnet"])
def test_every_kind_of_model_has_features_to_store(name: str) -> None:
    """With features of its own, or the inputs of its last linear layer."""
    entry, stream = Registry("model").get(name).load(), toy(epochs=8)
    torch.manual_seed(0)
    outcome = run_stream(
        stream,
        lambda signature: entry.build(entry.Config(), signature),
        memnet,
        method_config=memnet.Config(encoder="learned", slots=20, hidden=16),
        learning_rate=1e-2,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda fraction: None,
    )
    assert outcome.slots is not None
    assert outcome.slots["occupancy"] == 1.0
    assert outcome.cost.buffer_bytes == 20 * 18 + 4 * 4 + 8
    assert outcome.metrics["learning_accuracy"] > 0.5


@pytest.mark.data
@pytest.mark.slow
def test_split_mnist_of_avalanche_with_its_own_normalisation() -> None:
    root = os.environ.get("MEMNET_DATA", "nowhere")
    if not (Path(root) / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip("MEMNET_DATA does not hold MNIST")
    data = SplitMNIST(n_experiences=5, seed=3100, dataset_root=root)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    memory = remember(
        net,
        PersistentConfig(encoder="learned", budget=40_000),
        shape=(1, 28, 28),
        classes=10,
        seed=0,
    )
    strategy = Naive(
        model=memory,
        optimizer=torch.optim.Adam(memory.parameters(), lr=0.003),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=64,
        plugins=[MemNetPlugin(memory, seed=0)],
        evaluator=AccuracyMatrix(),
    )
    for experience in data.train_stream[:2]:
        strategy.train(experience)
    assert memory.values.limits.tolist() == pytest.approx([-0.4242, 2.8215], abs=1e-3)
    strategy.eval(data.test_stream[:2])
    assert min(strategy.evaluator.rows[-1]) > 0.8
