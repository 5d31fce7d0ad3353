"""Cost of training on a stream: a bare PyTorch loop, ours, and Avalanche's.

All loops have the same network, batches and data.

Training and evaluation: one experience, a network of two hidden layers of 400, mini-batches of 128.
Online: experience replay from a reservoir, in experiences of ten samples, each joined by ten stored
samples. It is timed early and late in the stream, since the cost of a loop must not grow with the
samples seen. The data are noise: no step depends on their content.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from avalanche.benchmarks import split_online_stream
from avalanche.benchmarks.scenarios.dataset_scenario import benchmark_from_datasets
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training import Naive
from avalanche.training.plugins import EvaluationPlugin, ReplayPlugin
from avalanche.training.storage_policy import ReservoirSamplingBuffer
from torch import Tensor, nn
from torch.nn import functional

from baselines.models import mlp
from benchmarks.speed.timing import Timing, Work, compare
from strategies.continual.build_stream import split_classes
from strategies.continual.methods import er, naive
from strategies.continual.strategy import EVALUATION_BATCH, ContinualStrategy
from strategies.continual.stream import Samples, Schedule, Stream

FEATURES, CLASSES, HIDDEN_WIDTH = 784, 10, 400
BATCH_SIZE = 128
ONLINE_SAMPLES = 10
"""Samples of an online experience, and stored samples that are replayed with them."""
MEMORY_SIZE = 500
LEARNING_RATE = 1e-3
CPU = torch.device("cpu")


def measure(samples: int = 12_800, online: int = 100, rounds: int = 5) -> list[Timing]:
    """Time all three loops.

    Args:
        samples: Samples to train on, and to evaluate on.
        online: Online experiences that are timed, early and late; three times as many precede the
            late ones.
        rounds: How often each loop runs.
    """
    with warnings.catch_warnings(
        record=True
    ):  # Avalanche's own plugins call its deprecated functions
        return _measured(samples, online, rounds)


def _measured(samples: int, online: int, rounds: int) -> list[Timing]:
    train, evaluated = _stream(samples, 0), _stream(samples, 0)
    timings = compare(
        "training",
        {
            "bare": _bare_training(train),
            "ours": _training(train),
            "avalanche": _avalanche_training(train),
        },
        rounds,
    )
    timings += compare(
        "evaluation",
        {
            "bare": _bare_evaluation(evaluated),
            "ours": _evaluation(evaluated),
            "avalanche": _avalanche_evaluation(evaluated),
        },
        rounds,
    )
    small = _stream(5 * online * ONLINE_SAMPLES, ONLINE_SAMPLES)
    loops: Mapping[str, Callable[[Stream], Iterator[None]]] = {
        "bare": _bare_online,
        "ours": _online,
        "avalanche": _avalanche_online,
    }
    for name, skipped in (("online, early", 0), ("online, late", 3 * online)):
        timings += compare(
            name,
            {
                baseline: _timed_experiences(loop, small, online, skipped)
                for baseline, loop in loops.items()
            },
            rounds,
        )
    return timings


def _stream(samples: int, online: int) -> Stream:
    draws = torch.Generator().manual_seed(0)
    data = Samples(
        inputs=torch.rand(samples, 1, FEATURES, generator=draws),
        labels=torch.arange(samples) % CLASSES,
    )
    schedule = Schedule(batch_size=BATCH_SIZE, online=online)
    return split_classes(
        data,
        data,
        classes=CLASSES,
        experiences=1,
        schedule=schedule,
        sample_bytes=FEATURES + 1,
        seed=0,
    )


def _data(stream: Stream) -> tuple[Tensor, Tensor]:
    inputs, labels = stream.benchmark.train_stream[0].dataset._flat_data._datasets[0].tensors
    return inputs.flatten(1), labels


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    hidden = [
        nn.Linear(FEATURES, HIDDEN_WIDTH),
        nn.ReLU(),
        nn.Linear(HIDDEN_WIDTH, HIDDEN_WIDTH),
        nn.ReLU(),
    ]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(HIDDEN_WIDTH, CLASSES))


def _step(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, labels: Tensor
) -> None:
    optimizer.zero_grad()
    functional.cross_entropy(model(inputs), labels).backward()
    optimizer.step()


def _bare_training(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        (inputs, labels), model = _data(stream), _network()
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

        def do() -> None:
            for chosen in torch.randperm(len(labels)).split(BATCH_SIZE):
                _step(model, optimizer, inputs[chosen], labels[chosen])

        return do

    return prepare


def _bare_evaluation(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        (inputs, labels), model = _data(stream), _network().eval()

        @torch.no_grad()
        def do() -> float:
            parts = zip(inputs.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True)
            return sum(int((model(some).argmax(-1) == right).sum()) for some, right in parts) / len(
                labels
            )

        return do

    return prepare


def _ours(stream: Stream, method: Any, **options: int) -> ContinualStrategy:
    torch.manual_seed(0)
    model = mlp.build(mlp.Config(), stream.signature)
    built: ContinualStrategy = method.build(
        method.Config(**options),
        model=model,
        stream=stream,
        learning_rate=LEARNING_RATE,
        seed=0,
        device=CPU,
    )
    return built


def _training(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        strategy = _ours(stream, naive)
        return lambda: strategy.train(stream.benchmark.train_stream[0], eval_streams=[])

    return prepare


def _evaluation(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        strategy = _ours(stream, naive)
        return lambda: strategy.eval(stream.benchmark.test_stream)

    return prepare


def _avalanche(plugins: list[Any] | None = None, batch: int = BATCH_SIZE) -> Any:
    model = _network()
    return Naive(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=LEARNING_RATE),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=batch,
        eval_mb_size=EVALUATION_BATCH,
        plugins=plugins,
        evaluator=EvaluationPlugin(accuracy_metrics(experience=True), loggers=[]),
    )


def _avalanche_training(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        strategy = _avalanche()
        return lambda: strategy.train(stream.benchmark.train_stream[0])

    return prepare


def _avalanche_evaluation(stream: Stream) -> Work:
    def prepare() -> Callable[[], object]:
        strategy = _avalanche()
        return lambda: strategy.eval(stream.benchmark.test_stream)

    return prepare


def _timed_experiences(
    loop: Callable[[Stream], Iterator[None]], stream: Stream, count: int, skipped: int
) -> Work:
    """Time ``count`` experiences of a loop after ``skipped`` others."""

    def prepare() -> Callable[[], object]:
        steps = loop(stream)
        for _ in range(skipped):
            next(steps)
        return lambda: [next(steps) for _ in range(count)]

    return prepare


def _bare_online(stream: Stream) -> Iterator[None]:
    """Reservoir sampling after Vitter 1985, a draw per sample."""
    (inputs, labels), model = _data(stream), _network()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    stored, classes = inputs.new_zeros(MEMORY_SIZE, FEATURES), labels.new_zeros(MEMORY_SIZE)
    seen = 0
    for chosen in torch.randperm(len(labels)).split(ONLINE_SAMPLES):
        new, right = inputs[chosen], labels[chosen]
        if seen:
            old = torch.randint(min(seen, MEMORY_SIZE), (ONLINE_SAMPLES,))
            _step(model, optimizer, torch.cat((new, stored[old])), torch.cat((right, classes[old])))
        else:
            _step(model, optimizer, new, right)
        for sample, label in zip(new, right, strict=True):
            place = seen if seen < MEMORY_SIZE else int(torch.randint(seen + 1, ()))
            if place < MEMORY_SIZE:
                stored[place], classes[place] = sample, label
            seen += 1
        yield


def _online(stream: Stream) -> Iterator[None]:
    strategy = _ours(stream, er, mem_size=MEMORY_SIZE)
    for experience, _ in stream.experiences():
        strategy.train(experience, eval_streams=[])
        yield


def _avalanche_online(stream: Stream) -> Iterator[None]:
    buffer = ReservoirSamplingBuffer(max_size=MEMORY_SIZE)
    strategy = _avalanche(
        [ReplayPlugin(mem_size=MEMORY_SIZE, batch_size=ONLINE_SAMPLES, storage_policy=buffer)],
        ONLINE_SAMPLES,
    )
    whole = benchmark_from_datasets(train=[stream.benchmark.train_stream[0].dataset])
    for experience in split_online_stream(whole.train_stream, experience_size=ONLINE_SAMPLES):
        strategy.train(experience)
        yield
