import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.statistics.metrics import (
    accuracy_over_seen,
    probe_metrics,
    stream_metrics,
    task_metrics,
    tracking_metrics,
)

MATRIX = [[0.9, 0.1, 0.2], [0.6, 0.8, 0.3], [0.5, 0.7, 1.0]]
INITIAL = [0.05, 0.1, 0.15]


def test_stream_metrics_equal_values_by_hand() -> None:
    found = stream_metrics(MATRIX, INITIAL)
    assert found == pytest.approx(
        {
            "accuracy": (0.5 + 0.7 + 1.0) / 3,
            "forgetting": ((0.9 - 0.5) + (0.8 - 0.7)) / 2,
            "bwt": ((0.5 - 0.9) + (0.7 - 0.8)) / 2,
            "fwt": ((0.1 - 0.1) + (0.3 - 0.15)) / 2,
            "learning_accuracy": (0.9 + 0.8 + 1.0) / 3,
            "aaa": (0.9 + (0.6 + 0.8) / 2 + (0.5 + 0.7 + 1.0) / 3) / 3,
        }
    )


def test_forgetting_uses_the_best_and_bwt_the_first_accuracy() -> None:
    """The accuracy on experience 0 is best after experience 1, so the two metrics differ."""
    found = stream_metrics([[0.5, 0.0, 0.0], [0.8, 0.9, 0.0], [0.6, 0.9, 0.9]])
    assert found["forgetting"] == pytest.approx(((0.8 - 0.6) + (0.9 - 0.9)) / 2)
    assert found["bwt"] == pytest.approx(((0.6 - 0.5) + (0.9 - 0.9)) / 2)
    assert found["fwt"] is None


def test_stream_metrics_of_joint_training_are_accuracy_only() -> None:
    found = stream_metrics([[0.9, 0.7]], [0.1, 0.1])
    assert found.pop("accuracy") == pytest.approx(0.8)
    assert set(found.values()) == {None}


def test_stream_metrics_of_one_experience_have_no_forgetting() -> None:
    found = stream_metrics([[0.9]], [0.1])
    assert (found["accuracy"], found["learning_accuracy"], found["aaa"]) == (0.9, 0.9, 0.9)
    assert (found["forgetting"], found["bwt"], found["fwt"]) == (None, None, None)


def test_stream_metrics_are_null_only_if_they_need_a_missing_entry() -> None:
    found = stream_metrics([[0.9, None], [0.5, 0.7]], [0.1, 0.1])
    assert found["fwt"] is None
    assert found["accuracy"] == pytest.approx(0.6)
    assert found["forgetting"] == pytest.approx(0.4)


@pytest.mark.parametrize("matrix", [[], [[]], [[0.1, 0.2], [0.3]]])
def test_stream_metrics_reject_malformed_matrices(matrix: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="accuracy matrix"):
        stream_metrics(matrix)


def test_stream_metrics_reject_initial_accuracy_of_another_length() -> None:
    with pytest.raises(ValueError, match="initial_accuracy"):
        stream_metrics(MATRIX, [0.1, 0.1])


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.floats(0, 1), min_size=n, max_size=n), min_size=n, max_size=n
        )
    )
)
def test_stream_metrics_equal_a_naive_loop(rows: list[list[float]]) -> None:
    last = len(rows) - 1
    found = stream_metrics(rows, [0.0] * len(rows))
    assert found["forgetting"] == pytest.approx(
        sum(max(rows[i][j] for i in range(last)) - rows[last][j] for j in range(last)) / last
    )
    assert found["bwt"] == pytest.approx(
        sum(rows[last][j] - rows[j][j] for j in range(last)) / last
    )
    assert found["fwt"] == pytest.approx(sum(rows[j - 1][j] for j in range(1, len(rows))) / last)
    assert found["aaa"] == pytest.approx(
        sum(sum(rows[i][: i + 1]) / (i + 1) for i in range(len(rows))) / len(rows)
    )


def test_accuracy_over_seen_needs_a_square_matrix() -> None:
    np.testing.assert_allclose(accuracy_over_seen(MATRIX), [0.9, 0.7, 2.2 / 3])
    with pytest.raises(ValueError, match="square"):
        accuracy_over_seen([[0.1, 0.2]])


def test_task_metrics_equal_values_by_hand() -> None:
    found = task_metrics([[256, 0.5, 10], [128, 1.0, 1000]])
    assert found == {"accuracy": 0.75, "accuracy_at_128": 1.0, "accuracy_at_256": 0.5}
    assert list(found) == ["accuracy", "accuracy_at_128", "accuracy_at_256"]


def test_task_metrics_of_a_group_have_its_prefix() -> None:
    found = task_metrics([[64, 0.5, 10], [128, None, 0]], group="one_hop")
    assert found == {
        "one_hop_accuracy": None,
        "one_hop_accuracy_at_64": 0.5,
        "one_hop_accuracy_at_128": None,
    }


def test_task_metrics_have_no_mean_with_a_missing_distance() -> None:
    assert task_metrics([[128, 1.0, 10], [256, None, 0]]) == {
        "accuracy": None,
        "accuracy_at_128": 1.0,
        "accuracy_at_256": None,
    }


@pytest.mark.parametrize("rows", [[], [[128, 1.0, 1], [128, 0.5, 1]]])
def test_task_metrics_reject_missing_and_repeated_distances(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="accuracy_by_distance"):
        task_metrics(rows)


WITHIN = [
    [10, 0.5, None, None],
    [20, 0.9, None, None],  # the end of the first
    [30, 0.2, 0.5, None],  # a loss, half of which is recovered
    [40, 0.6, 0.8, None],
    [50, 0.5, 0.7, 0.1],
    [60, 0.7, 0.9, 0.6],  # the end
]


def test_tracking_metrics_equal_values_by_hand() -> None:
    """In the second experience 0.9, 0.2, 0.6; in the third 0.6, 0.5, 0.7 and 0.8, 0.7, 0.9."""
    found = tracking_metrics(WITHIN)
    assert found["wc_accuracy"] == pytest.approx((0.6 + (0.2 + 0.7)) / 3)
    assert found["stability_gap"] == pytest.approx(
        ((0.6 - 0.2) + ((0.6 - 0.5) + (0.8 - 0.7)) / 2) / 2
    )


def test_stability_gap_ignores_permanent_loss() -> None:
    assert tracking_metrics([[1, 0.9, None], [2, 0.5, 0.4], [3, 0.3, 0.8]])["stability_gap"] == 0.0


def test_tracking_metrics_of_one_experience_are_null() -> None:
    assert tracking_metrics([[1, 0.9]]) == {"wc_accuracy": None, "stability_gap": None}


def test_tracking_metrics_of_joint_training_are_null() -> None:
    assert tracking_metrics([[1, 0.5, 0.9], [2, 0.9, 0.4]]) == {
        "wc_accuracy": None,
        "stability_gap": None,
    }


@pytest.mark.parametrize("rows", [[], [[1, 0.5, None]], [[1, None, None], [2, 0.5, 0.5]]])
def test_tracking_metrics_reject_rows_without_experience(rows: list[list[float | None]]) -> None:
    with pytest.raises(ValueError, match="accuracy"):
        tracking_metrics(rows)


def test_probe_metrics_equal_values_by_hand() -> None:
    found = probe_metrics([[0.9, 0.5], [0.7, 0.8]])
    assert found == pytest.approx({"probe_accuracy": 0.75, "probe_forgetting": 0.2})
