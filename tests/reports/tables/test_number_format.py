import pytest

from reports.analysis.metric_ranges import difference_range, metric_range
from reports.tables import number_format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (157_000, "157 kB"),
        (999_600, "1.0 MB"),
        (23_000_000, "23.0 MB"),
    ],
)
def test_size(value: int | None, text: str) -> None:
    assert number_format.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.04, "0.0 s"), (99.9, "99.9 s"), (150.0, "2 min"), (9000.0, "2.5 h")],
)
def test_seconds(value: float | None, text: str) -> None:
    assert number_format.seconds(value) == text


def test_scores_have_a_true_minus_and_no_negative_zero() -> None:
    assert number_format.score(-0.25) == "\N{MINUS SIGN}0.250"
    assert number_format.score(-0.0001) == "0.000"
    assert number_format.spread(0.5, 0.25, 0.75) == "0.500 ± 0.250"
    assert number_format.spread(0.5, None, None) == "0.500"


@pytest.mark.parametrize(
    ("metric", "numbers", "text"),
    [
        ("accuracy", (0.651, -1.928, 3.230), "0.651 [0.000, 1.000]"),
        ("accuracy_at_8192", (0.998, 0.994, 1.002), "0.998 [0.994, 1.000]"),
        ("accuracy", (1.0, 1.0, 1.0 + 1e-12), "1.000 ± 0.000"),
        ("one_hop_accuracy_at_64", (0.1, -0.1, 0.3), "0.100 [0.000, 0.300]"),
        (
            "bwt",
            (-0.9, -1.1, -0.7),
            f"{number_format.MINUS}0.900 [{number_format.MINUS}1.000, {number_format.MINUS}0.700]",
        ),
        ("loss", (0.651, -1.928, 3.230), "0.651 ± 2.579"),
    ],
)
def test_intervals_are_clipped_to_the_metric_s_range(
    metric: str, numbers: tuple[float, float, float], text: str
) -> None:
    assert number_format.spread(*numbers, metric_range(metric)) == text


def test_differences_have_twice_the_range() -> None:
    assert difference_range("accuracy") == (-1.0, 1.0)
    assert difference_range("bwt") == (-2.0, 2.0)


def test_words_and_short_counts() -> None:
    assert number_format.words("accuracy_at_8192") == "accuracy at 8,192"
    assert [number_format.shortened(value) for value in (0, 500, 20_000, 1_500_000)] == [
        "0",
        "500",
        "20k",
        "1.5M",
    ]
