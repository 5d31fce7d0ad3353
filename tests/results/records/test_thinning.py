import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.records.thinning import MAX_POINTS, log_grid, restricted_mean, thin_survival
from results.statistics.survival import survival


@given(
    st.sets(st.integers(0, 10**6), max_size=60).map(sorted),
    st.integers(3, 20),
)
def test_log_grid_chooses_few_positions_with_both_ends(
    positions: list[int], max_points: int
) -> None:
    chosen = log_grid(positions, max_points)
    assert len(chosen) == len(set(chosen)) <= max_points
    assert chosen == sorted(chosen)
    if positions:
        assert (chosen[0], chosen[-1]) == (0, len(positions) - 1)
    if len(positions) <= max_points:
        assert len(chosen) == len(positions)


def test_log_grid_is_logarithmic() -> None:
    """Of 0 … 1,024 with six points: 0, and powers of 4 from 1 on."""
    assert log_grid(range(1025), 7) == [0, 1, 4, 16, 64, 256, 1024]


def test_thin_survival_is_exact_at_its_points() -> None:
    generator = np.random.default_rng(0)
    lifetimes = generator.geometric(0.001, size=4000)
    censored = generator.uniform(size=4000) < 0.1
    full = survival(lifetimes, censored, max_points=10**6)
    thin = survival(lifetimes, censored)
    assert len(full["time"]) > 1000 > MAX_POINTS >= len(thin["time"]) > 100
    for place, time in enumerate(thin["time"]):
        step = full["time"].index(time)
        for name in ("survival", "low", "high"):
            assert thin[name][place] == pytest.approx(full[name][step], abs=1e-9)
    assert thin["mean"] == pytest.approx(restricted_mean(full["time"], full["survival"]))
    assert thin_survival(thin) == thin, "thinning twice changes nothing"


def test_restricted_mean_equals_values_by_hand() -> None:
    """All alive for 1, half for 2 more: 1 + 2 · 0.5."""
    assert restricted_mean([0.0, 1.0, 3.0], [1.0, 0.5, 0.1]) == 2.0
    assert thin_survival({"time": [], "survival": []}) == {"time": [], "survival": [], "mean": None}
