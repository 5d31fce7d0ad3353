from benchmarks.experiments.slots_knee import knee


def test_knee_is_the_smallest_number_of_slots_that_is_enough_from_there_on() -> None:
    assert knee((2, 4, 8, 16), (0.1, 0.5, 0.96, 1.0)) == 8
    assert knee((2, 4, 8, 16), (0.96, 0.5, 0.96, 1.0)) == 8
    assert knee((2, 4, 8, 16), (0.2, 0.3, 0.5, 1.0)) == 16


def test_knee_without_an_effect_of_slots_is_the_smallest_number() -> None:
    assert knee((2, 4), (1.0, 1.0)) == 2
