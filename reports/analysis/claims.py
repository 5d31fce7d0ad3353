"""Claims: comparisons that are written down before the runs, and their verdicts from the records.

A file of claims is Markdown. Each comparison is a row of a table with the columns of `COLUMNS`; the
other text is for readers. ``benchmark`` may have options in brackets, and all of these must be
those of a record; ``protocol`` is one of them. A row of a stream is ``MODEL / METHOD``. The
control may also be another metric of the same run: ``hit_rate_lru of the same run``.

A claim holds if all its comparisons do, so its error is at most that of each of them
(intersection-union test, Berger 1982), and only the number of claims needs a correction
(Bonferroni).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from results.errors import UsageError
from results.records.cell import SUPERVISED
from results.records.record import Record
from results.records.same_benchmark import benchmark_options
from results.statistics.intervals import mean_interval
from results.statistics.significance import MIN_COMMON_SEEDS, SIGNIFICANCE, paired_tests

COLUMNS = ("claim", "benchmark", "metric", "row", "control", "at least", "verdict")
"""Columns of a table of claims."""

CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "open"
VERDICTS = (CONFIRMED, REFUTED, UNDECIDED)

SAME_RUN = " of the same run"


@dataclass(frozen=True, slots=True)
class Claim:
    """One comparison of a claim.

    Attributes:
        claim: Number or name of the claim that it belongs to.
        benchmark: Benchmark, with options in brackets.
        metric: Metric; higher is better.
        row: The row that is claimed to be better.
        control: The row that it is compared with, or a metric of the same run.
        least: Least mean difference.
        verdict: The verdict that the file states.
    """

    claim: str
    benchmark: str
    metric: str
    row: str
    control: str
    least: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records say about a claim.

    Attributes:
        claim: The claim.
        count: Common seeds.
        difference: Mean difference over them, with its 95% interval; NaN if it is not defined.
        p: p of the paired test times the number of claims; NaN if it was not tested.
        verdict: *confirmed*: significant, and at least the least difference. *refuted*: with at
            least five common seeds the interval is below the least difference. *open*: otherwise.
    """

    claim: Claim
    count: int
    difference: tuple[float, float, float]
    p: float
    verdict: str


def read_claims(text: str) -> list[Claim]:
    """Return the claims of a file.

    Raises:
        UsageError: If there is no table of claims, or a row of it is not valid.
    """
    claims, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            inside = False
        elif tuple(cells) == COLUMNS:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            claims.append(_claim(cells))
    if not claims:
        raise UsageError(f"no table with the columns {', '.join(COLUMNS)}")
    return claims


def _claim(cells: Sequence[str]) -> Claim:
    if len(cells) != len(COLUMNS) or cells[-1] not in VERDICTS:
        raise UsageError(
            f"'{' | '.join(cells)}' is no claim: give {', '.join(COLUMNS)}; a verdict is one of "
            f"{', '.join(VERDICTS)}"
        )
    claim, benchmark, metric, row, control, least, verdict = cells
    return Claim(claim, benchmark, metric, row, control, float(least), verdict)


def judgements(claims: Sequence[Claim], records: Iterable[Record]) -> list[Judgement]:
    """Compare all claims with the records.

    Args:
        claims: The claims.
        records: Records of today's versions.

    Raises:
        UsageError: If a claim's benchmark does not say which of several choices of options it
            means.
    """
    done = [record for record in records if record.status == "ok"]
    differences = [_differences(claim, done) for claim in claims]
    width = max((len(one) for one in differences), default=0)
    table = np.full((len(claims), width), np.nan)
    for place, one in enumerate(differences):
        table[place, : len(one)] = one
    # Each row alone, so without a correction over rows.
    tests = [paired_tests(row[None]) for row in table]
    several = len({claim.claim for claim in claims})
    interval = mean_interval(table, axis=1)
    counts = [int(test.count[0]) for test in tests]
    p = [float(np.minimum(1.0, several * test.p[0])) for test in tests]
    return [
        Judgement(
            claim=claim,
            count=counts[place],
            difference=(
                float(interval.mean[place]),
                float(interval.low[place]),
                float(interval.high[place]),
            ),
            p=p[place],
            verdict=_verdict(
                claim,
                counts[place],
                float(interval.mean[place]),
                float(interval.high[place]),
                p[place],
            ),
        )
        for place, claim in enumerate(claims)
    ]


def _verdict(claim: Claim, count: int, mean: float, high: float, p: float) -> str:
    if count < MIN_COMMON_SEEDS:
        return UNDECIDED
    if p < SIGNIFICANCE and mean >= claim.least:
        return CONFIRMED
    return REFUTED if high < claim.least else UNDECIDED


def _differences(claim: Claim, records: Sequence[Record]) -> npt.NDArray[np.float64]:
    """Return the differences of a claim's rows over their common seeds."""
    name, options = _parts(claim.benchmark)
    choices: dict[str, dict[str, dict[int, Record]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        cell = record.cell
        own = benchmark_options(cell.method, cell.config)
        if cell.benchmark == name and all(_text(own.get(key)) == options[key] for key in options):
            row = cell.model if cell.method == SUPERVISED else f"{cell.model} / {cell.method}"
            choices[repr(sorted(own.items()))][row][cell.seed] = record
    same_run = claim.control.endswith(SAME_RUN)
    needed = {claim.row} if same_run else {claim.row, claim.control}
    fitting = [rows for rows in choices.values() if needed <= set(rows)]
    if len(fitting) > 1:
        raise UsageError(
            f"records of '{claim.benchmark}' have several choices of options: name one"
        )
    if not fitting:
        return np.empty(0)
    first = fitting[0][claim.row]
    second = first if same_run else fitting[0][claim.control]
    metric = claim.control.removesuffix(SAME_RUN) if same_run else claim.metric
    pairs = [
        (first[seed].metrics.get(claim.metric), second[seed].metrics.get(metric))
        for seed in sorted(first.keys() & second.keys())
    ]
    return np.array([one - other for one, other in pairs if one is not None and other is not None])


def _parts(benchmark: str) -> tuple[str, dict[str, str]]:
    """Return a benchmark's name, and its options as text."""
    found = re.fullmatch(r"([^\[\]]+)(?:\[(.*)\])?", benchmark)
    if found is None:
        raise UsageError(f"'{benchmark}' is no benchmark with options in brackets")
    pairs = [part.partition("=") for part in (found[2] or "").split(",") if part]
    return found[1], {key.strip(): value.strip() for key, _, value in pairs}


def _text(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
