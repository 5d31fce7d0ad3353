"""Multi-query associative recall: every key's value, by reading the pairs.

And gaps that follow their law.
"""

import itertools

import pytest
import torch

from benchmarks.tasks import mqar, mqar_hard
from strategies.sequence.task import Batch
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import asked, generator


def batches(task: mqar.MQAR) -> list[Batch]:
    """Draw training batches until every length has come, and an exam."""
    drawn = generator()
    return [task.sample(8, drawn) for _ in range(12)] + [
        evaluation.batch for evaluation in task.evaluation_batches(4, drawn)
    ]


@pytest.mark.parametrize("module", [mqar, mqar_hard])
def test_every_query_is_answered_by_the_last_pair_of_its_key(module: object) -> None:
    task = module.build(module.Config())
    seen = set()
    for batch in batches(task):
        length = batch.inputs.shape[1]
        seen.add(length)
        for tokens, position, target in asked(batch):
            pairs = oracles.pairs(tokens)
            assert dict(pairs)[tokens[position]] == target
            assert position >= 2 * len(pairs)
            assert position % 2 == 0
        for row, places in zip(batch.inputs, batch.positions, strict=True):
            queried = row[places].tolist()
            assert sorted(queried) == sorted({key for key, _ in oracles.pairs(row.tolist())}), (
                "each key comes once more, none twice"
            )
    assert seen == set(oracles.PAIRS)


@pytest.mark.parametrize("module", [mqar, mqar_hard])
def test_keys_are_from_the_lower_half_and_values_from_the_upper_and_none_comes_twice(
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


def test_in_the_hard_form_the_first_value_is_wrong_for_a_third_of_the_keys() -> None:
    batch = mqar_hard.build(mqar_hard.Config(mixed=False)).sample(20, generator())
    first = [
        dict(reversed(oracles.pairs(tokens)))[tokens[position]] == target
        for tokens, position, target in asked(batch)
    ]
    assert len(first) == 20 * 48
    assert sum(first) == 20 * 32


def test_other_places_hold_tokens_of_the_whole_vocabulary() -> None:
    batch = mqar.build(mqar.Config(mixed=False)).sample(64, generator())
    rest = torch.ones_like(batch.inputs, dtype=torch.bool).scatter_(1, batch.positions, False)
    rest[:, :128] = False
    others = batch.inputs[rest]
    assert others.numel() == 64 * (512 - 128 - 64)
    assert float((others < 4096).float().mean()) == pytest.approx(0.5, abs=0.02)
    assert others.min() < 20
    assert others.max() > 8171


def test_one_shape_is_trained_on_if_told_and_sheets_are_small() -> None:
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
def test_a_sheet_is_labelled_by_the_length_of_its_sequences(module: object) -> None:
    batches = list(module.build(module.Config()).evaluation_batches(2, generator()))
    assert {evaluation.distance for evaluation in batches} == set(oracles.PAIRS)
    assert all(evaluation.batch.inputs.shape[1] == evaluation.distance for evaluation in batches)


def test_gaps_are_drawn_without_replacement_by_the_power_law() -> None:
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
