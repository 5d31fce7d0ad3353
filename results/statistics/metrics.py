"""Metrics, computed from the curves of a record.

They need only NumPy, so that workers and `validate` share one implementation.

Legend: ``T`` experiences; ``R[i, j]`` the accuracy after training on experience ``i``, measured on
the test data of experience ``j``; ``b[j]`` the accuracy on experience ``j`` before training.
Experiences count from 0, so the last is ``T − 1``.

A metric that does not follow from the curves is None, never zero: joint training on all experiences
has a single row, hence an accuracy and no forgetting.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = Sequence[Sequence[float | None]] | npt.NDArray[np.floating[Any]]
Vector: TypeAlias = Sequence[float | None] | npt.NDArray[np.floating[Any]]
Array: TypeAlias = npt.NDArray[np.float64]

STREAM_METRICS = ("accuracy", "forgetting", "bwt", "fwt", "learning_accuracy", "aaa")
"""Names of the metrics of `stream_metrics`, in the order of tables."""


def stream_metrics(
    accuracy_matrix: Matrix, initial_accuracy: Vector | None = None
) -> dict[str, float | None]:
    """Compute the metrics of a task-shift stream.

    Args:
        accuracy_matrix: ``R``, ``[T, T]``; null for entries that were not measured. A matrix that
            is not square gives only ``accuracy``.
        initial_accuracy: ``b``, ``[T]``; required for forward transfer.

    Returns:
        ``accuracy``, ``forgetting``, ``bwt``, ``fwt``, ``learning_accuracy`` and ``aaa``, each a
        number, or None if it does not apply.

    Raises:
        ValueError: If the matrix is empty or ragged, or ``b`` does not have the length of its rows.
    """
    matrix = _matrix(accuracy_matrix)
    found: dict[str, float | None] = dict.fromkeys(STREAM_METRICS)
    found["accuracy"] = _number(average_accuracy(matrix))
    initial = None if initial_accuracy is None else np.asarray(initial_accuracy, dtype=np.float64)
    if initial is not None and initial.shape != (matrix.shape[1],):
        raise ValueError(
            f"initial_accuracy has shape {initial.shape}; "
            f"the matrix has {matrix.shape[1]} experiences"
        )
    if matrix.shape[0] != matrix.shape[1]:
        return found
    found["learning_accuracy"] = _number(learning_accuracy(matrix))
    found["aaa"] = _number(average_anytime_accuracy(matrix))
    if len(matrix) > 1:
        found["forgetting"] = _number(forgetting(matrix))
        found["bwt"] = _number(backward_transfer(matrix))
        if initial is not None:
            found["fwt"] = _number(forward_transfer(matrix, initial))
    return found


def tracking_metrics(accuracy_within: Sequence[Sequence[float | None]]) -> dict[str, float | None]:
    """Compute the metrics of accuracies measured within experiences.

    Args:
        accuracy_within: Rows ``[steps done, accuracy on experience 0, …]``, null for an experience
            that was not yet seen. The last number of a row is therefore that of the current
            experience. The last row of an experience is its end.

    Returns:
        ``wc_accuracy`` and ``stability_gap``; None if there are fewer than two experiences, or if
        all were trained together.

    Raises:
        ValueError: If there are no rows, or some experiences have none.
    """
    rows = _matrix(accuracy_within)[:, 1:]
    under_way = (~np.isnan(rows)).sum(axis=1) - 1
    experiences = rows.shape[1]
    if set(under_way.tolist()) == {experiences - 1}:
        return {"wc_accuracy": None, "stability_gap": None}
    if set(under_way.tolist()) != set(range(experiences)):
        raise ValueError(
            f"accuracy_within has rows of experiences {sorted(set(under_way.tolist()))}, "
            f"and there are {experiences}"
        )
    return {
        "wc_accuracy": worst_case_accuracy(rows, under_way),
        "stability_gap": stability_gap(rows, under_way),
    }


def worst_case_accuracy(rows: Array, under_way: npt.NDArray[np.int64]) -> float:
    """``WC-ACC = 1/T · A(T−1) + (1 − 1/T) · 1/(T−1) · Σ_{j<T−1} min A(j)``, after the stream.

    ``A(T−1)`` is the final accuracy on the last experience, ``min A(j)`` the lowest accuracy on
    experience ``j`` after its end (De Lange et al. 2023, "Continual evaluation for lifelong
    learning", equations 2 and 3).
    """
    last = rows.shape[1] - 1
    lowest = [rows[under_way > place, place].min() for place in range(last)]
    return float((rows[-1, last] + np.sum(lowest)) / (last + 1))


def stability_gap(rows: Array, under_way: npt.NDArray[np.int64]) -> float:
    """Return the stability gap: how far accuracy falls within an experience below both its ends.

    ``1/(T−1) · Σ_{k>0} 1/k · Σ_{j<k} max(0, min(A(k−1, j), A(k, j)) − min_{t in k} A(t, j))``,
    where ``A(k, j)`` is the accuracy on ``j`` at the end of experience ``k``. De Lange et al. 2023
    name the phenomenon and show it as curves; this is its depth.
    """
    ends = [np.flatnonzero(under_way == place)[-1] for place in range(rows.shape[1])]
    depths = []
    for place in range(1, rows.shape[1]):
        edges = np.minimum(rows[ends[place - 1], :place], rows[ends[place], :place])
        lowest = rows[under_way == place, :place].min(axis=0)
        depths.append(np.maximum(0, edges - lowest).mean())
    return float(np.mean(depths))


def probe_metrics(probe_matrix: Matrix) -> dict[str, float | None]:
    """Compute the metrics of linear probes, which measure forgetting in the features.

    Args:
        probe_matrix: As ``R``, for probes fitted to the frozen features after each experience.

    Returns:
        ``probe_accuracy``, the last probe's mean over all experiences, and ``probe_forgetting``,
        the forgetting of the probes.
    """
    found = stream_metrics(probe_matrix)
    return {"probe_accuracy": found["accuracy"], "probe_forgetting": found["forgetting"]}


def bits_metrics(bits_matrix: Matrix) -> dict[str, float | None]:
    """Compute the metric of cross-entropies in bits.

    Args:
        bits_matrix: Bits per sample of each experience, in rows as in ``R``, after a first row from
            before the first experience.

    Returns:
        ``bits_per_byte``, the mean of the last row; a sample of a stream of text is a byte.
    """
    return {"bits_per_byte": _number(average_accuracy(_matrix(bits_matrix)))}


def task_metrics(
    accuracy_by_distance: Sequence[Sequence[float | None]], group: str = ""
) -> dict[str, float | None]:
    """Compute the metrics of a long-dependency task.

    Args:
        accuracy_by_distance: Rows of distance in tokens, accuracy, and number of queries. The
            accuracy is null if the model's maximal length is shorter than the distance.
        group: Name of a group of queries with its own curve ``accuracy_by_distance_{group}``.

    Returns:
        ``accuracy``, the mean over distances, each with the same weight, and
        ``accuracy_at_{distance}`` for each. The mean is None if one of them is: a mean over fewer
        distances is not comparable with other models. With a group, each name has it as a prefix:
        ``{group}_accuracy``, ``{group}_accuracy_at_{distance}``.

    Raises:
        ValueError: If there are no distances, or one occurs twice.
    """
    if not accuracy_by_distance:
        raise ValueError("accuracy_by_distance is empty: a task has at least one distance")
    at: dict[int, float | None] = {}
    for distance, accuracy, _ in accuracy_by_distance:
        if distance is None or int(distance) in at:
            raise ValueError(
                f"distance {distance} in accuracy_by_distance: each is a number and occurs once"
            )
        at[int(distance)] = None if accuracy is None else float(accuracy)
    known = [accuracy for accuracy in at.values() if accuracy is not None]
    mean = float(np.mean(known)) if len(known) == len(at) else None
    name = f"{group}_accuracy" if group else "accuracy"
    return {name: mean} | {
        f"{name}_at_{distance}": accuracy for distance, accuracy in sorted(at.items())
    }


def average_accuracy(matrix: Array) -> float:
    """``ACC = 1/T · Σ_j R[T−1, j]``.

    Lopez-Paz & Ranzato 2017, "Gradient Episodic Memory", equation 2.
    """
    return float(matrix[-1].mean())


def forgetting(matrix: Array) -> float:
    """``F = 1/(T−1) · Σ_{j<T−1} max_{i<T−1} R[i, j] − R[T−1, j]``.

    Chaudhry et al. 2018, "Riemannian Walk", equations 3 and 4.
    """
    return float((matrix[:-1, :-1].max(axis=0) - matrix[-1, :-1]).mean())


def backward_transfer(matrix: Array) -> float:
    """``BWT = 1/(T−1) · Σ_{j<T−1} R[T−1, j] − R[j, j]`` (Lopez-Paz & Ranzato 2017, equation 3)."""
    return float((matrix[-1, :-1] - matrix.diagonal()[:-1]).mean())


def forward_transfer(matrix: Array, initial: Array) -> float:
    """``FWT = 1/(T−1) · Σ_{j>0} R[j−1, j] − b[j]`` (Lopez-Paz & Ranzato 2017, equation 4)."""
    return float((matrix.diagonal(offset=1) - initial[1:]).mean())


def learning_accuracy(matrix: Array) -> float:
    """``LA = 1/T · Σ_j R[j, j]`` (Riemer et al. 2019, "Meta-Experience Replay", section 4)."""
    return float(matrix.diagonal().mean())


def average_anytime_accuracy(matrix: Array) -> float:
    """``AAA = 1/T · Σ_i 1/(i+1) · Σ_{j≤i} R[i, j]``.

    Caccia et al. 2020, "Online Fast Adaptation and Knowledge Accumulation".
    """
    return float(np.mean(accuracy_over_seen(matrix)))


def accuracy_over_seen(accuracy_matrix: Matrix) -> Array:
    """Return the mean accuracy over the experiences seen so far, ``[T]``.

    ``A[i] = 1/(i+1) · Σ_{j≤i} R[i, j]``.

    Raises:
        ValueError: If the matrix is not square, so that the order of experiences is unknown.
    """
    matrix = _matrix(accuracy_matrix)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"the accuracy matrix has shape {matrix.shape}; "
            "the experiences seen so far are known only for a square one"
        )
    return np.array([row[: i + 1].mean() for i, row in enumerate(matrix)])


def _matrix(values: Matrix) -> Array:
    """Convert a matrix of accuracies to an array; nulls become NaN, and so do means over them."""
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except ValueError as error:
        raise ValueError(
            "the accuracy matrix is ragged: give each row an entry per experience, "
            "null if it was not measured"
        ) from error
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(
            f"the accuracy matrix has shape {matrix.shape}; "
            "it needs a row per experience, and at least one"
        )
    return matrix


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
