import math

import pytest

from results.statistics.survival import log_rank, survival


def test_survival_equals_kaplan_meier_by_hand() -> None:
    """Five slots: deaths at 1, 2, 3; censored at 2 and 5. S = 4/5, · 3/4, · 1/2."""
    found = survival([1, 2, 3, 2, 5], [False, False, False, True, True])
    assert found["time"] == [0, 1, 2, 3, 5]
    assert found["survival"] == pytest.approx([1.0, 0.8, 0.6, 0.3, 0.3])
    assert found["mean"] == pytest.approx(1 + 0.8 + 0.6 + 2 * 0.3)


def test_survival_counts_censored_slots_as_alive() -> None:
    assert survival([3, 4], [True, True])["survival"] == [1.0, 1.0, 1.0]


def test_survival_counts_a_death_at_birth() -> None:
    found = survival([0, 4], [False, False])
    assert (found["time"], found["survival"]) == ([0.0, 4.0], pytest.approx([0.5, 0.0]))


def test_survival_without_slots_is_empty() -> None:
    assert survival([], []) == {"time": [], "survival": [], "low": [], "high": [], "mean": None}


def test_survival_band_equals_greenwood_by_hand() -> None:
    """Greenwood at t = 1: Var log(−log S) = (1/20) / (log 0.8)²."""
    found = survival([1, 2, 3, 2, 5], [False, False, False, True, True])
    reach = 1.959964 * math.sqrt(1 / 20) / -math.log(0.8)
    assert (found["low"][0], found["high"][0]) == (1.0, 1.0)
    assert found["low"][1] == pytest.approx(0.8 ** math.exp(reach), abs=1e-6)
    assert found["high"][1] == pytest.approx(0.8 ** math.exp(-reach), abs=1e-6)


@pytest.mark.parametrize("censored", [[True, True, True], [False, False, False]])
def test_survival_band_is_finite_and_contains_the_curve(censored: list[bool]) -> None:
    found = survival([1, 2, 2], censored)
    for low, share, high in zip(found["low"], found["survival"], found["high"], strict=True):
        assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize(
    ("lifetimes", "censored"),
    [([1.0], [True, False]), ([-1.0], [False]), ([float("nan")], [False]), ([[1.0]], [[False]])],
)
def test_what_makes_no_sense_is_refused(lifetimes: list[float], censored: list[bool]) -> None:
    with pytest.raises(ValueError, match="lifetimes"):
        survival(lifetimes, censored)


def test_log_rank_equals_the_test_by_hand() -> None:
    """One death in each group, at 1 and 2: observed 1, expected 1/2, variance 1/4 at time 1."""
    z = (1 - 0.5) / 0.5
    expected = math.erfc(z / math.sqrt(2))
    assert log_rank([1], [False], [2], [False]) == pytest.approx(expected)


def test_log_rank_finds_a_difference_and_no_difference() -> None:
    short, long = list(range(1, 21)), list(range(21, 41))
    alive = [False] * 20
    assert (log_rank(short, alive, long, alive) or 1.0) < 1e-6
    assert (log_rank(short, alive, short, alive) or 0.0) > 0.99


def test_log_rank_without_deaths_or_members_is_none() -> None:
    assert log_rank([1, 2], [True, True], [3], [True]) is None
    assert log_rank([], [], [3], [False]) is None
