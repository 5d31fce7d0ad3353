"""Online streams: a few samples at a time, each once, without task boundaries."""

from typing import Any

import pytest
import torch
from avalanche.benchmarks.scenarios.online import OnlineCLExperience

from baselines.registry import Registry
from strategies.continual.dataloader import columns_of
from strategies.continual.methods import er, naive
from strategies.continual.stream import Schedule
from strategies.continual.train import run_stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.test_train import CPU
from tests.strategies.continual.toy_stream import NEEDS_BOUNDARIES, toy

OTHERS = (*NEEDS_BOUNDARIES, "joint")
"""Methods that are refused online, and the one that trains on all samples at once."""
ONLINE = Schedule(batch_size=10, online=7)


def test_online_samples_are_seen_once_without_boundaries() -> None:
    stream = toy(schedule=ONLINE)
    small = list(stream.experiences())
    assert all(
        isinstance(experience, OnlineCLExperience) and not experience.access_task_boundaries
        for experience, _ in small
    )
    sizes = [len(experience.dataset) for experience, _ in small]
    assert sizes == ([7] * 8 + [4]) * 2
    assert [place for place, (_, last) in enumerate(small) if last] == [8, 17]
    whole = torch.cat(
        [columns_of(experience.dataset)[0] for experience in stream.benchmark.train_stream]
    )
    seen = torch.cat([columns_of(experience.dataset)[0] for experience, _ in small])
    assert not torch.equal(seen, whole)
    assert sorted(sample.tobytes() for sample in seen.numpy()) == sorted(
        sample.tobytes() for sample in whole.numpy()
    )


def test_the_online_order_depends_on_the_seed_alone() -> None:
    def order(seed: int) -> torch.Tensor:
        return torch.cat(
            [
                columns_of(experience.dataset)[0]
                for experience, _ in toy(seed, schedule=ONLINE).experiences()
            ]
        )

    assert torch.equal(order(1), order(1))
    assert not torch.equal(order(1), order(2))


def test_the_schedule_counts_small_experiences() -> None:
    assert (
        Schedule(batch_size=10, online=7).steps(60),
        Schedule(batch_size=3, online=7).steps(60),
    ) == (
        9,
        8 * 3 + 2,
    )


METHODS = [
    pytest.param(entry.load(), "class", id=entry.name)
    for entry in Registry("method")
    if entry.name not in OTHERS
]
LEARNERS = ("naive", "er", "memnet")
"""Methods that learn well online; others run, but may learn little from small experiences."""


@pytest.mark.parametrize(("method", "scenario"), [*METHODS, (er, "domain"), (er, "task")])
def test_methods_run_online(method: Any, scenario: Any) -> None:
    torch.manual_seed(0)
    fractions: list[float] = []
    learner = method.__name__.rpartition(".")[2] in LEARNERS
    count = 480 if learner else 60
    outcome = run_stream(
        toy(schedule=ONLINE, scenario=scenario, count=count),
        Gru,
        method,
        method_config=method.Config(),
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=fractions.append,
    )
    assert [len(row) for row in outcome.curves["accuracy_matrix"]] == [2, 2]
    assert (
        outcome.cost.train_examples == count
        if method is naive
        else outcome.cost.train_examples >= count
    )
    if learner:
        assert outcome.metrics["learning_accuracy"] > 0.6
        assert fractions[-1] == 1.0
