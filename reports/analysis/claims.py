"""Claims: comparisons that are written down before the runs.

A file of claims is Markdown. Each comparison is a row of a table with the columns of `COLUMNS`; the
other text is for readers. ``benchmark`` may have options in brackets, and all of these must be
those of a record; ``protocol`` is one of them. A row of a stream is ``MODEL / METHOD``. The
control may also be another metric of the same run: ``hit_rate_lru of the same run``.

`reports.analysis.judgements` gives their verdicts from the records.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from results.errors import UsageError

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
