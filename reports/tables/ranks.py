"""Ranks as text: a row that no test compares with another one has none."""

from collections.abc import Iterable

from reports.analysis.summary import Summary
from reports.tables import number_format
from results.statistics.significance import MIN_COMMON_SEEDS

EARLIER = "earlier version"
"""Badge of a row that was measured with an earlier version of the code; instead of a rank, if it
does not compete."""

NOT_TESTED = "not tested"
"""Shown instead of the rank of a row that is not tested."""

REASON = (
    f"Not tested: fewer than {MIN_COMMON_SEEDS} seeds in common with every other row that competes"
)
"""Why rows are not tested."""


def rank_text(row: Summary) -> str:
    """Return the rank of a row."""
    if row.superseded:
        return EARLIER
    return NOT_TESTED if row.tested is False else number_format.whole(row.rank)


def with_reason(text: str, rows: Iterable[Summary]) -> str:
    """Return a caption, with the reason if a reader sees a row that is not tested."""
    return f"{text}. {REASON}" if any(row.tested is False for row in rows) else text
