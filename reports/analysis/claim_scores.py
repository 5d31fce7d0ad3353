"""The scores of a claim's row and of its control, seed by seed.

No seed vanishes: a seed that failed, or that has no score, is named if the other row has it, and so
is a seed of the control that the row lacks.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from reports.analysis.claims import SAME_RUN, Claim
from results.errors import UsageError
from results.records.cell import SUPERVISED
from results.records.record import Record
from results.records.same_benchmark import benchmark_options

Scores = Mapping[int, float | str]
"""Score of each seed of a row, or in words why it has none."""

Fields = dict[str, JsonValue]
"""Options and versions of a cell, with the part that they belong to."""


@dataclass(frozen=True, slots=True)
class ClaimScores:
    """Scores of the two rows of a claim.

    Attributes:
        row: Scores of the row over the common seeds, ``[S]``.
        control: Scores of the control over the same seeds, ``[S]``.
        lowest: Lowest score of the row over all of its seeds; NaN if one of them has no score.
        gaps: In words, each seed that prevents a comparison; empty if there is none.
    """

    row: npt.NDArray[np.float64]
    control: npt.NDArray[np.float64]
    lowest: float
    gaps: tuple[str, ...]


def control_metric(claim: Claim) -> str:
    """Return the metric of a claim's control."""
    if claim.control.endswith(SAME_RUN):
        return claim.control.removesuffix(SAME_RUN)
    return claim.metric


def claim_scores(claim: Claim, records: Iterable[Record]) -> ClaimScores:
    """Collect the scores of a claim.

    Args:
        claim: The claim.
        records: Records of today's versions, failed ones included.

    Raises:
        UsageError: If the claim's benchmark does not say which of several choices of options it
            means, or two records are of the same seed of a row.
    """
    found = _records(claim, records)
    if found is None:
        return ClaimScores(
            np.empty(0), np.empty(0), np.nan, ("no options have records of both rows",)
        )
    row = _scores(found[0], claim.metric)
    control = _scores(found[1], control_metric(claim))
    values = list(row.values())
    complete = [value for value in values if not isinstance(value, str)]
    pairs = [
        (one, other)
        for seed in sorted(row.keys() & control.keys())
        if not isinstance(one := row[seed], str) and not isinstance(other := control[seed], str)
    ]
    return ClaimScores(
        row=np.array([one for one, _ in pairs]),
        control=np.array([other for _, other in pairs]),
        lowest=min(complete) if len(complete) == len(values) else np.nan,
        gaps=_gaps(row, control),
    )


def _gaps(row: Scores, control: Scores) -> tuple[str, ...]:
    absent = [f"the row lacks seed {seed}" for seed in sorted(control.keys() - row.keys())]
    without = [
        f"seed {seed} of the {name} {scores[seed]}"
        for seed in sorted(row.keys() & control.keys())
        for name, scores in (("row", row), ("control", control))
        if isinstance(scores[seed], str)
    ]
    return (*absent, *without)


def _scores(records: Sequence[Record], metric: str) -> Scores:
    """Return a row's scores by seed.

    Raises:
        UsageError: If two records are of the same seed.
    """
    seeds: dict[int, Record] = {}
    for record in records:
        other = seeds.setdefault(record.cell.seed, record)
        if other is not record:
            raise UsageError(
                f"records {other.id} and {record.id} are of the same row and seed: "
                f"{record.cell.label}{_difference(other, record)}; a claim needs one record per "
                "seed: leave one out, or delete it with memnet remove ID"
            )
    return {seed: _score(record, metric) for seed, record in seeds.items()}


def _score(record: Record, metric: str) -> float | str:
    if record.status != "ok":
        return "failed"
    value = record.metrics.get(metric)
    return f"has no {metric}" if value is None else value


def _difference(one: Record, other: Record) -> str:
    """Return in words, after a comma, in which options and versions two records differ."""
    first, second = _fields(one), _fields(other)
    names = [
        name for name in sorted(first.keys() | second.keys()) if first.get(name) != second.get(name)
    ]
    return "".join(f", {name} {first.get(name)} and {second.get(name)}" for name in names)


def _fields(record: Record) -> Fields:
    parts: dict[str, Mapping[str, JsonValue]] = {
        **record.cell.config,
        "version": dict(record.cell.version),
    }
    return {f"{part}.{name}": value for part, each in parts.items() for name, value in each.items()}


def _records(
    claim: Claim, records: Iterable[Record]
) -> tuple[Sequence[Record], Sequence[Record]] | None:
    """Return the records of the row and of the control; None if no options have both."""
    name, options = _parts(claim.benchmark)
    choices: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        cell = record.cell
        own = benchmark_options(cell.method, cell.config)
        if cell.benchmark == name and all(_text(own.get(key)) == options[key] for key in options):
            row = cell.model if cell.method == SUPERVISED else f"{cell.model} / {cell.method}"
            choices[repr(sorted(own.items()))][row].append(record)
    control = claim.row if claim.control.endswith(SAME_RUN) else claim.control
    fitting = [rows for rows in choices.values() if {claim.row, control} <= set(rows)]
    if len(fitting) > 1:
        raise UsageError(
            f"records of '{claim.benchmark}' have several choices of options: name one"
        )
    return (fitting[0][claim.row], fitting[0][control]) if fitting else None


def _parts(benchmark: str) -> tuple[str, dict[str, str]]:
    """Return a benchmark's name, and its options as text."""
    found = re.fullmatch(r"([^\[\]]+)(?:\[(.*)\])?", benchmark)
    if found is None:
        raise UsageError(f"'{benchmark}' is no benchmark with options in brackets")
    pairs = [part.partition("=") for part in (found[2] or "").split(",") if part]
    return found[1], {key.strip(): value.strip() for key, _, value in pairs}


def _text(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
