"""Successive halving on scores that are known functions of the rate."""

import math
from collections.abc import Callable, Mapping

import pytest

from benchmarks.tuning.grid import DEFAULT_GRID, Point
from benchmarks.tuning.halving import TRIAL_SHARE, Trial, best, better_half, next_points


def rates(scores: Mapping[float, float | None]) -> dict[Point, float | None]:
    return {Point(rate): score for rate, score in scores.items()}


def search(
    score: Callable[[float, float], float | None], share: float = TRIAL_SHARE
) -> list[Trial]:
    """Search with a score that is a function of the rate and of the share of the steps."""
    trials: list[Trial] = []
    while (step := next_points(DEFAULT_GRID, trials, share))[0]:
        points, at = step
        trials += [Trial(point, at, score(point.learning_rate, at)) for point in points]
    return trials


def peak(rate: float, at: float) -> float:
    """Return a score that falls with the distance from a rate on a logarithmic scale."""
    return 1 - 0.2 * abs(math.log10(rate) - math.log10(at))


def whole(trials: list[Trial]) -> list[float]:
    return [trial.point.learning_rate for trial in trials if trial.share == 1]


def test_best_rate_wins_and_ties_go_to_the_rate_nearest_the_default() -> None:
    assert best(rates({1e-3: 0.5, 3e-3: 0.6, 1e-2: 0.9})) == Point(1e-2)
    assert best(rates({1e-3: 1.0, 3e-3: 1.0, 1e-2: 0.9})) == Point(3e-3)
    assert best(rates({1e-3: 1.0, 3e-3: 0.2, 1e-2: 1.0})) == Point(1e-3)
    assert best(rates({1e-3: 0.013, 3e-3: 0.012, 1e-2: 0.016})) == Point(3e-3)
    assert best(rates({1e-3: None, 3e-3: 0.1})) == Point(3e-3)
    assert best(rates({1e-3: None})) is None


def test_better_half_is_rounded_up_and_diverged_points_come_last() -> None:
    scores = {3e-4: 0.1, 1e-3: 0.5, 3e-3: 0.9, 1e-2: None, 3e-2: None}
    assert better_half(rates(scores)) == (Point(3e-4), Point(1e-3), Point(3e-3))
    assert len(better_half(rates({1e-3: None, 1e-2: None, 3e-2: 0.1}))) == 2


def test_all_rates_run_short_and_the_better_half_runs_whole() -> None:
    trials = search(lambda rate, share: peak(rate, 3e-3))
    assert [trial.share for trial in trials] == [TRIAL_SHARE] * 5 + [1.0] * 3
    assert whole(trials) == [1e-3, 3e-3, 1e-2]


@pytest.mark.parametrize(
    ("at", "extended"),
    [(1e-1, [1e-1, 3e-1]), (1e-2, []), (1e-4, [1e-4, 3e-5]), (9.0, [1e-1, 3e-1])],
)
def test_search_goes_on_while_the_best_rate_is_at_the_edge(
    at: float, extended: list[float]
) -> None:
    trials = search(lambda rate, share: peak(rate, at))
    assert whole(trials)[3:] == extended


def test_whole_steps_decide_and_a_rate_that_was_only_tried_short_is_not_an_edge() -> None:
    trials = search(lambda rate, share: peak(rate, 1e-3) if share < 1 else peak(rate, 1.0))
    assert whole(trials) == [3e-4, 1e-3, 3e-3]


def test_without_a_shorter_form_all_rates_run_whole() -> None:
    trials = search(lambda rate, share: peak(rate, 1e-2), share=1.0)
    assert whole(trials) == [point.learning_rate for point in DEFAULT_GRID]


def test_diverged_edge_is_not_extended() -> None:
    trials = search(lambda rate, share: None if rate > 5e-3 else peak(rate, 1.0))
    assert max(whole(trials)) == 3e-3


def test_search_ends_if_every_trial_diverged() -> None:
    assert len(search(lambda rate, share: None)) == 8
