"""MemNet's persistent memory in an Avalanche script: five experiences of two digits each."""

import torch
from avalanche.benchmarks import benchmark_from_datasets
from avalanche.benchmarks.utils import as_classification_dataset
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training import Naive
from avalanche.training.plugins import EvaluationPlugin
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import TensorDataset

from memnet import MemNetPlugin, PersistentConfig, remember


def digits():
    """Return scikit-learn's digits as a benchmark of Avalanche; values are in [0, 1]."""
    data = load_digits()
    images, labels = torch.tensor(data.images / 16).float(), torch.tensor(data.target)
    held_out = torch.arange(len(labels)) % 5 == 0

    def experience(classes, chosen):
        chosen = chosen & torch.isin(labels, torch.tensor(classes))
        samples = TensorDataset(images[chosen], labels[chosen])
        samples.targets = labels[chosen].tolist()
        return as_classification_dataset(samples)

    shares = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
    return benchmark_from_datasets(
        train=[experience(share, ~held_out) for share in shares],
        test=[experience(share, held_out) for share in shares],
    )


def build():
    """Return a strategy whose model remembers, and its plugin."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 200), nn.ReLU(), nn.Linear(200, 10))
    config = PersistentConfig(encoder="learned", budget=16_000)
    memory = remember(net, config, shape=(8, 8), classes=10, seed=0)
    plugin = MemNetPlugin(memory, seed=0)
    strategy = Naive(
        model=memory,
        optimizer=torch.optim.Adam(memory.parameters(), lr=0.003),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=32,
        train_epochs=8,
        plugins=[plugin],
        evaluator=EvaluationPlugin(accuracy_metrics(stream=True)),
    )
    return strategy, plugin


if __name__ == "__main__":
    torch.manual_seed(0)
    benchmark, (strategy, plugin) = digits(), build()
    for experience in benchmark.train_stream:
        strategy.train(experience)
    print(strategy.eval(benchmark.test_stream))
