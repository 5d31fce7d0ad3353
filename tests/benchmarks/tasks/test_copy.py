"""Copying, plain and selective: the targets are the given symbols, in order."""

from collections import Counter

import pytest
import torch

from benchmarks.tasks import copy, selective_copy, selective_copy_hard
from strategies.sequence.task import Batch
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator


def batches(
    task: selective_copy.SelectiveCopy | selective_copy_hard.SelectiveCopyHard,
) -> list[tuple[int, Batch]]:
    """Draw training and evaluation batches, with their length before the markers."""
    return [
        (256, task.sample(50, generator())),
        *(
            (evaluation.distance, evaluation.batch)
            for evaluation in task.evaluation_batches(10, generator(1))
        ),
    ]


def test_selective_copy_targets_are_the_data_tokens_in_order() -> None:
    task = selective_copy.build(selective_copy.Config())
    assert task.distances == [256, 1024, 4096]
    for length, batch in batches(task):
        assert batch.inputs.shape[1] == length + 16
        for tokens, position, target in batch_queries(batch):
            data = [token for token in tokens[:length] if token != 0]
            assert len(data) == 16
            assert all(1 <= token <= 14 for token in data)
            assert tokens[length:] == [15] * 16
            assert data[position - length] == target
        assert batch.positions.tolist() == [list(range(length, length + 16))] * len(batch.inputs)
    assert selective_copy.build(selective_copy.Config(furthest=16384)).distances == [
        256,
        1024,
        4096,
        16384,
    ]


def test_data_tokens_are_anywhere_before_the_markers() -> None:
    for module in (selective_copy, selective_copy_hard):
        batch = module.build(module.Config()).sample(1000, generator())
        data = (
            (batch.inputs[:, :256] > 0)
            if module is selective_copy
            else (batch.inputs[:, :256] < 14)
        )
        share = data.float().mean(0)
        assert share.min() > 0.02
        assert share.max() < 0.12


def test_hard_task_has_one_marker_per_item() -> None:
    task = selective_copy_hard.build(selective_copy_hard.Config())
    for length, batch in batches(task):
        assert batch.mask is not None
        for row, tokens in enumerate(batch.inputs.tolist()):
            data = [token for token in tokens[:length] if token < 14]
            assert 8 <= len(data) <= 16
            assert tokens[length : length + len(data)] == [22] * len(data)
            assert all(14 <= token < 22 for token in tokens[length + len(data) :]), (
                "noise after the last marker"
            )
            assert 22 not in tokens[:length]
            assert batch.mask[row].tolist() == [place < len(data) for place in range(16)]
        for tokens, position, target in batch_queries(batch):
            assert [token for token in tokens[:length] if token < 14][position - length] == target


def test_hard_task_varies_the_number_of_items_and_the_noise() -> None:
    batch = selective_copy_hard.build(selective_copy_hard.Config()).sample(900, generator())
    assert batch.mask is not None
    numbers = Counter(batch.mask.sum(1).tolist())
    assert sorted(numbers) == list(range(8, 17))
    assert min(numbers.values()) > 60
    noise = Counter(token for token in batch.inputs[:, :256].flatten().tolist() if token >= 14)
    assert len(noise) == 8
    assert max(noise.values()) / min(noise.values()) < 1.05


def test_hard_task_defeats_counting_from_a_fixed_number_of_items() -> None:
    """With a fixed number of items, counting back from the end identifies a marker's item."""

    def counting_back(batch: Batch, first: int, marker: int) -> float:
        right = [tokens[:256][::-1] for tokens in batch.inputs.tolist()]
        data = [[token for token in tokens if first <= token < first + 14] for tokens in right]
        mask = (
            torch.ones_like(batch.targets, dtype=torch.bool) if batch.mask is None else batch.mask
        )
        found = [
            items[15 - place] == target if 15 - place < len(items) else False
            for items, targets, counts in zip(
                data, batch.targets.tolist(), mask.tolist(), strict=True
            )
            for place, (target, counted) in enumerate(zip(targets, counts, strict=True))
            if counted
        ]
        return sum(found) / len(found)

    assert (
        counting_back(selective_copy.build(selective_copy.Config()).sample(100, generator()), 1, 15)
        == 1.0
    )
    assert (
        counting_back(
            selective_copy_hard.build(selective_copy_hard.Config()).sample(100, generator()), 0, 22
        )
        < 0.3
    )


def test_copy_targets_are_the_symbols_in_order() -> None:
    task = copy.build(copy.Config())
    assert task.distances == [10, 20, 40]
    for number, batch in [
        (None, task.sample(300, generator())),
        *(
            (evaluation.distance, evaluation.batch)
            for evaluation in task.evaluation_batches(20, generator())
        ),
    ]:
        assert batch.mask is not None
        for row, tokens in enumerate(batch.inputs.tolist()):
            symbols = tokens[: tokens.index(8)]
            assert all(symbol < 8 for symbol in symbols)
            assert set(tokens[len(symbols) + 1 :]) == {9}
            assert int(batch.mask[row].sum()) == len(symbols) <= (number or 20)
            assert number in (None, len(symbols))
        for tokens, position, target in batch_queries(batch):
            delimiter = tokens.index(8)
            assert tokens[position - delimiter - 1] == target


def test_copy_trains_on_all_numbers_of_symbols() -> None:
    batch = copy.build(copy.Config()).sample(2000, generator())
    assert batch.mask is not None
    numbers = Counter(batch.mask.sum(1).tolist())
    assert sorted(numbers) == list(range(1, 21))
    assert all(count / 2000 == pytest.approx(1 / 20, abs=0.02) for count in numbers.values())
