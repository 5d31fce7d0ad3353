"""Multi-query associative recall: the value of every key, and the distribution of gaps."""

import itertools

import pytest
import torch

from benchmarks.tasks import mqar, mqar_hard
from strategies.sequence.task import Batch
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator


def batches(task: mqar.MQAR) -> list[Batch]:
    """Draw enough training batches to cover every length, and the evaluation batches."""
    drawn = generator()
    return [task.sample(8, drawn) for _ in range(12)] + [
        evaluation.batch for evaluation in task.evaluation_batches(4, drawn)
    ]


@pytest.mark.parametrize("module", [mqar, mqar_hard])
def test_target_is_the_value_of_the_last_pair_of_the_key(module: object) -> None:
    task = module.build(module.Config())
    seen = set()
    for batch in batches(task):
        length = batch.inputs.shape[1]
        seen.add(length)
        for tokens, position, target in batch_queries(batch):
            pairs = oracles.pairs(tokens)
            assert dict(pairs)[tokens[position]] == target
            assert position >= 2 * len(pairs)
            assert position % 2 == 0
        for row, places in zip(batch.inputs, batch.positions, strict=True):
            queried = row[places].tolist()
            assert sorted(queried) == sorted({key for key, _ in oracles.pairs(row.tolist())}), (
                "each key recurs exactly once"
            )
    assert seen == set(oracles.PAIRS)


@pytest.mark.parametrize("module", [mqar, mqar_hard])
def test_keys_and_values_are_distinct_and_from_their_halves_of_the_vocabulary(
    module: object,
) -> None:
    task = module.build(module.Config())
    for batch in batches(task):
        for tokens in batch.inputs.tolist():
            pairs = oracles.pairs(tokens)
            keys, values = {key for key, _ in pairs}, {value for _, value in pairs}
            assert all(1 <= key < 4096 for key in keys)
            assert all(4096 <= value < 8192 for value in values)
            assert len(values) == len(pairs)
            assert len(keys) == len(pairs) - (len(pairs) // 4 if module is mqar_hard else 0)


def test_hard_task_first_value_is_wrong_for_a_third_of_the_keys() -> None:
    batch = mqar_hard.build(mqar_hard.Config(mixed=False)).sample(20, generator())
    first = [
        dict(reversed(oracles.pairs(tokens)))[tokens[position]] == target
        for tokens, position, target in batch_queries(batch)
    ]
    assert len(first) == 20 * 48
    assert sum(first) == 20 * 32


def test_other_positions_hold_tokens_of_the_whole_vocabulary() -> None:
    batch = mqar.build(mqar.Config(mixed=False)).sample(64, generator())
    rest = torch.ones_like(batch.inputs, dtype=torch.bool).scatter_(1, batch.positions, False)
    rest[:, :128] = False
    others = batch.inputs[rest]
    assert others.numel() == 64 * (512 - 128 - 64)
    assert float((others < 4096).float().mean()) == pytest.approx(0.5, abs=0.02)
    assert others.min() < 20
    assert others.max() > 8171


def test_mixed_false_trains_on_one_shape_and_evaluation_batches_are_small() -> None:
    task = mqar.build(mqar.Config(mixed=False, length=128, pairs=5))
    assert {task.sample(2, generator(seed)).inputs.shape for seed in range(8)} == {(2, 128)}
    assert task.sample(2, generator()).positions.shape == (2, 5)
    batches = list(task.evaluation_batches(40, generator()))
    assert max(len(evaluation.batch.inputs) for evaluation in batches) == 16
    assert [
        evaluation.batch.positions.shape[1] for evaluation in batches if evaluation.distance == 128
    ] == [
        5,
        5,
        5,
    ]
    assert mqar.build(mqar.Config(furthest=256)).distances == [64, 128, 256]
    assert mqar.build(mqar.Config(length=96, pairs=6, furthest=128)).distances == [64, 96, 128]


@pytest.mark.parametrize("module", [mqar, mqar_hard])
def test_evaluation_batch_has_its_length_as_distance(module: object) -> None:
    batches = list(module.build(module.Config()).evaluation_batches(2, generator()))
    assert {evaluation.distance for evaluation in batches} == set(oracles.PAIRS)
    assert all(evaluation.batch.inputs.shape[1] == evaluation.distance for evaluation in batches)


def test_gaps_follow_the_power_law_without_replacement() -> None:
    spaces = 6
    weights = [place ** (0.01 - 1) for place in range(1, spaces + 1)]
    gaps = mqar.draw_gaps(spaces, 2, 60_000, generator())
    assert (gaps[:, 0] != gaps[:, 1]).all()
    for one, other in itertools.permutations(range(spaces), 2):
        chance = weights[one] / sum(weights) * weights[other] / (sum(weights) - weights[one])
        share = float(((gaps[:, 0] == one) & (gaps[:, 1] == other)).double().mean())
        assert share == pytest.approx(chance, abs=5 * (chance / 60_000) ** 0.5)
    assert (
        mqar.draw_gaps(spaces, spaces, 10, generator()).sort(1).values.tolist()
        == [list(range(spaces))] * 10
    )
