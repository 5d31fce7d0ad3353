"""State tracking: the product of permutations, without a shortcut."""

from collections import Counter

import pytest
import torch

from benchmarks.tasks import state_tracking
from benchmarks.tasks.state_tracking import PERMUTATIONS, products
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator


def test_products_are_those_of_a_group() -> None:
    table = products()
    everything = torch.arange(120)
    assert torch.equal(table[0], everything), "the identity"
    assert torch.equal(table[:, 0], everything)
    for line in (table, table.T):
        assert torch.equal(line.sort(1).values, everything.expand(120, -1))
    one, other, last = torch.randint(120, (3, 500), generator=generator()).unbind()
    assert torch.equal(table[table[one, other], last], table[one, table[other, last]])
    assert not torch.equal(table, table.T)


def test_product_applies_the_earlier_permutation_first() -> None:
    swap, shift = PERMUTATIONS.index((1, 0, 2, 3, 4)), PERMUTATIONS.index((1, 2, 3, 4, 0))
    assert PERMUTATIONS[int(products()[shift, swap])] == (2, 1, 3, 4, 0)


def test_each_training_position_has_its_state_as_target() -> None:
    batch = state_tracking.build(state_tracking.Config()).sample(40, generator())
    assert batch.positions.tolist() == [list(range(16))] * 40
    for tokens, position, target in batch_queries(batch):
        assert oracles.state_tracking(tokens, position) == target


def test_evaluation_has_the_last_state_as_target() -> None:
    task = state_tracking.build(state_tracking.Config())
    assert task.distances == [4, 8, 16, 32, 64, 128, 256]
    for evaluation in task.evaluation_batches(20, generator(1)):
        assert evaluation.batch.inputs.shape == (20, evaluation.distance)
        for tokens, position, target in batch_queries(evaluation.batch):
            assert position == evaluation.distance - 1
            assert oracles.state_tracking(tokens, position) == target


@pytest.mark.parametrize(("moved", "count"), [(2, 11), (3, 31), (4, 76), (5, 120)])
def test_moved_limits_the_tokens(moved: int, count: int) -> None:
    task = state_tracking.build(state_tracking.Config(moved=moved))
    assert len(task.allowed) == count
    batch = task.sample(200, generator())
    tokens = batch.inputs.unique().tolist()
    assert tokens == task.allowed.tolist()
    assert {state_tracking.moves(PERMUTATIONS[token]) for token in tokens} == {
        0,
        *range(2, moved + 1),
    }
    for row, position, target in batch_queries(batch):
        assert oracles.state_tracking(row, position) == target


def draw_all(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw sequences of all permutations; return their tokens and states."""
    batch = state_tracking.build(state_tracking.Config(moved=5)).sample(count, generator())
    return batch.inputs, batch.targets


def chi_square(drawn: torch.Tensor, classes: int) -> float:
    """Return the deviation from a uniform distribution, in standard deviations."""
    mean = drawn.numel() / classes
    counts = torch.bincount(drawn, minlength=classes).double()
    free = classes - 1
    return (float(((counts - mean) ** 2 / mean).sum()) - free) / (2 * free) ** 0.5


def test_targets_are_uniform_from_the_primary_length_on() -> None:
    task = state_tracking.build(state_tracking.Config(furthest=64))
    by_length = {
        evaluation.distance: chi_square(evaluation.batch.targets.flatten(), 120)
        for evaluation in task.evaluation_batches(24_000, generator(1))
    }
    assert max(by_length[32], by_length[64]) < 4
    assert by_length[4] > 100, "four swaps favour even permutations"


def test_parts_of_the_sequence_have_no_information() -> None:
    """A product with all others unknown is uniform, so neither a bigram nor a prefix helps."""
    inputs, states = draw_all(24_000)
    for part in (inputs[:, 0], inputs[:, -1], states[:, -2]):
        assert chi_square(part % 10 * 120 + states[:, -1], 1200) < 4
    assert chi_square(states[:, 0], 120) < 4


@pytest.mark.parametrize("moved", [2, 5])
def test_table_of_last_tokens_has_chance_accuracy(moved: int) -> None:
    """The most frequent state after the last two tokens, counted and then predicted."""
    task = state_tracking.build(state_tracking.Config(moved=moved, train_length=32))
    batch = task.sample(12_000, generator(2))
    rows = [
        ((*tokens[-2:],) if moved == 2 else tokens[-1], states[-1])
        for tokens, states in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True)
    ]
    table: dict[object, Counter[int]] = {}
    for cue, state in rows[:8000]:
        table.setdefault(cue, Counter())[state] += 1
    found = [table[cue].most_common(1)[0][0] == state for cue, state in rows[8000:]]
    assert sum(found) / len(found) < 2 * state_tracking.CHANCE
