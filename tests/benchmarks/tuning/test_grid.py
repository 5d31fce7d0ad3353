import pytest

from benchmarks.tuning.grid import DEFAULT_GRID, RATES, Point, beyond, parse_grid
from results.errors import UsageError


def test_default_grid_has_the_five_rates_of_the_protocol() -> None:
    assert parse_grid([]) == DEFAULT_GRID == tuple(map(Point, RATES))
    assert (len(RATES), RATES[0], RATES[-1]) == (5, 3e-4, 3e-2)


@pytest.mark.parametrize(
    "texts",
    [["lr=0.01,1e-3,model.width=8,16"], ["model.width=8,16", "training.learning_rate=0.01,0.001"]],
)
def test_grid_is_the_product_of_its_options(texts: list[str]) -> None:
    assert parse_grid(texts) == (
        Point(1e-3, (("model.width", "8"),)),
        Point(1e-2, (("model.width", "8"),)),
        Point(1e-3, (("model.width", "16"),)),
        Point(1e-2, (("model.width", "16"),)),
    )


def test_grid_without_rates_has_the_default_ones() -> None:
    assert [point.learning_rate for point in parse_grid(["steps=5"])] == list(RATES)
    assert parse_grid(["steps=5"])[0].settings == ["steps=5", "training.learning_rate=0.0003"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lr",
        "lr=",
        "=3",
        "lr=0",
        "lr=nan",
        "lr=1,lr=2",
        "lr=0.1,training.learning_rate=1",
        "modell.x=1",
        "training.momentum=1",
        "5,lr=3",
    ],
)
def test_invalid_grid_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_grid([text])


@pytest.mark.parametrize(
    ("tried", "best", "following"),
    [
        (RATES, 3e-3, None),
        (RATES, 3e-2, 1e-1),
        (RATES, 3e-4, 1e-4),
        ((*RATES, 1e-1), 1e-1, 3e-1),
        ((*RATES, 1e-1, 3e-1), 3e-1, None),
        ((*RATES, 1e-4), 1e-4, 3e-5),
        ((*RATES, 1e-4, 3e-5), 3e-5, None),
        ((0.002, 0.02), 0.02, 0.1),
        ((0.002, 0.02), 0.002, 0.001),
    ],
)
def test_grid_is_extended_at_its_edge_within_bounds(
    tried: tuple[float, ...], best: float, following: float | None
) -> None:
    assert beyond(tried, best) == following
