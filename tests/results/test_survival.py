import pytest

from results.survival import survival


def test_kaplan_meier_by_hand() -> None:
    """Five slots: deaths at 1, 2, 3; alive when last seen at 2 and 5. S = 4/5, then · 3/4, then · 1/2, and no further fall."""
    found = survival([1, 2, 3, 2, 5], [False, False, False, True, True])
    assert found["time"] == [0, 1, 2, 3, 5]
    assert found["survival"] == pytest.approx([1.0, 0.8, 0.6, 0.3, 0.3])


def test_slots_alive_at_the_end_are_not_dead() -> None:
    assert survival([3, 4], [True, True])["survival"] == [1.0, 1.0, 1.0]


def test_a_death_at_birth_counts() -> None:
    found = survival([0, 4], [False, False])
    assert found == {"time": [0.0, 4.0], "survival": pytest.approx([0.5, 0.0])}


def test_no_slots_no_curve() -> None:
    assert survival([], []) == {"time": [], "survival": []}


@pytest.mark.parametrize(
    ("lifetimes", "censored"), [([1.0], [True, False]), ([-1.0], [False]), ([float("nan")], [False]), ([[1.0]], [[False]])]
)
def test_what_makes_no_sense_is_refused(lifetimes: list[float], censored: list[bool]) -> None:
    with pytest.raises(ValueError, match="lifetimes"):
        survival(lifetimes, censored)
