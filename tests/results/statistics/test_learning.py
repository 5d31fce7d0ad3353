from results.records.record_parts import LearningPoint
from results.records.thinning import MAX_POINTS
from results.statistics.learning import learning


def points(*accuracies: float) -> list[LearningPoint]:
    return [
        LearningPoint(step, 32 * step, 0.5 * step, accuracy, 1 - accuracy)
        for step, accuracy in enumerate(accuracies)
    ]


def test_learning_finds_the_first_validation_at_90_percent() -> None:
    found = learning(points(0.1, 0.5, 0.9, 0.8, 0.95), initial_accuracy=0.1, solved=False)
    assert (found.examples_to_90, found.cpu_seconds_to_90) == (64, 1.0)
    assert (found.initial_accuracy, found.solved) == (0.1, False)
    assert [point.accuracy for point in found.curve] == [0.1, 0.5, 0.9, 0.8, 0.95]


def test_learning_without_success_or_validation() -> None:
    found = learning(points(0.1, 0.2))
    assert (found.examples_to_90, found.cpu_seconds_to_90, found.solved) == (None, None, None)
    assert learning([]).curve == ()


def test_learning_curve_is_thinned_and_has_the_first_success() -> None:
    rising = points(*([0.1] * 777), *([0.95] * 1000))
    found = learning(rising)
    assert len(found.curve) <= MAX_POINTS
    assert rising[777] in found.curve
    assert (found.curve[0], found.curve[-1]) == (rising[0], rising[-1])
    assert found.examples_to_90 == 32 * 777
