"""Adding: the sum of the two marked numbers, with a tolerance."""

import pytest
import torch

from benchmarks.tasks import adding
from tests.benchmarks.tasks.seeded_draws import generator


def test_target_at_the_end_is_the_sum_of_the_marked_numbers() -> None:
    task = adding.build(adding.Config())
    for length, batch in [
        (100, task.sample(200, generator())),
        *(
            (evaluation.distance, evaluation.batch)
            for evaluation in task.evaluation_batches(200, generator(1))
        ),
    ]:
        assert batch.inputs.shape == (200, length, 2)
        assert (batch.positions == length - 1).all()
        assert set(batch.inputs[..., 1].flatten().tolist()) == {0.0, 1.0}
        places = set()
        for steps, target in zip(batch.inputs.tolist(), batch.targets[:, 0].tolist(), strict=True):
            marked = [place for place, (_, marker) in enumerate(steps) if marker]
            assert len(marked) == 2
            assert marked[0] < length // 2 <= marked[1]
            assert sum(steps[place][0] for place in marked) == pytest.approx(target, abs=1e-6)
            places.update(marked)
        assert len(places) > 0.8 * min(length, 200)
    assert task.distances == [100, 200, 400]


def test_numbers_are_uniform() -> None:
    numbers = adding.draw(100, 500, generator()).inputs[..., 0]
    assert numbers.min() >= 0.0
    assert numbers.max() <= 1.0
    assert float(numbers.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(numbers.var()) == pytest.approx(1 / 12, abs=0.005)


def test_prediction_is_correct_within_the_tolerance() -> None:
    task = adding.build(adding.Config())
    targets = torch.tensor([[1.0], [1.0], [1.0], [0.3]])
    logits = torch.tensor([[[1.039]], [[0.961]], [[1.041]], [[0.2]]])
    assert task.correct(logits, targets).tolist() == [[True], [True], [False], [False]]
    assert float(task.loss(logits, targets)) == pytest.approx(
        (0.039**2 + 0.039**2 + 0.041**2 + 0.1**2) / 4
    )


def test_constant_prediction_has_chance_accuracy() -> None:
    targets = adding.draw(10, 200_000, generator()).targets
    task = adding.build(adding.Config())
    right = task.correct(torch.ones(len(targets), 1, 1), targets)
    assert float(right.double().mean()) == pytest.approx(adding.CHANCE, abs=0.0025)
    tolerance = adding.ERROR_LIMIT
    assert 2 * tolerance - tolerance**2 == pytest.approx(adding.CHANCE, abs=1e-12)
