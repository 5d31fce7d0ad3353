"""The comparison of two models, or two stores, as a table: scores, differences, costs."""

import math
from collections.abc import Callable
from typing import TypeVar

from reports.analysis.comparison import PairwiseReport, RowComparison
from reports.analysis.selection import ResultRow
from reports.analysis.summary import summary
from reports.tables import number_format
from reports.tables.row_titles import comparison_title
from reports.tables.tables import Column, Named, Row, Table
from results.statistics.bootstrap import Estimate
from results.statistics.significance import MIN_COMMON_SEEDS

T = TypeVar("T")


def comparison_table(found: PairwiseReport) -> Table:
    """Show one comparison per row, the left side's numbers before the right side's."""
    columns = (
        Column("benchmark"),
        Column("metric"),
        Column("left", numeric=True),
        Column("right", numeric=True),
        Column("difference", numeric=True),
        Column("p", numeric=True),
        Column("Wilcoxon", numeric=True),
        Column("P(left > right)", numeric=True),
        Column("effect", numeric=True),
        Column("won/tied/lost", numeric=True),
        Column("common seeds", numeric=True),
        Column("seeds", numeric=True),
        Column("parameters", numeric=True),
        Column("state", numeric=True),
        Column("total", numeric=True),
        Column("buffer", numeric=True),
        Column("training", numeric=True),
        Column("CPU time", numeric=True),
    )
    rows = tuple(_row(comparison) for comparison in found.comparisons)
    caption = (
        f"{found.left} (left) and {found.right} (right): means over common seeds with 95% "
        "Student-t intervals; mean difference and probability of improvement with 95% bootstrap "
        f"intervals; p of the paired t-test, Holm-corrected, from {MIN_COMMON_SEEDS} common seeds "
        "on; Wilcoxon: p of the signed-rank test, not corrected; effect: Hedges' g of the "
        "differences; number of seeds won, tied and lost"
    )
    return Table(caption, columns, rows)


def verdict(found: PairwiseReport) -> str:
    """Summarise the comparison over all benchmarks in one or two sentences."""
    won, _, lost = found.tally
    counts = [comparison.paired.count for comparison in found.comparisons]
    most, tested = max(counts, default=0), sum(count >= MIN_COMMON_SEEDS for count in counts)
    few = len(counts) - tested
    rows = f"{len(counts)} rows" if not few else f"{tested} tested row{'s' if tested != 1 else ''}"
    untested = f" ({few} not tested: fewer than {MIN_COMMON_SEEDS} common seeds)" if few else ""
    probability = estimate(found.improvement, signed=False)
    summary_text = (
        f"{found.left} is significantly better in {won} of {rows}, "
        f"{found.right} in {lost}{untested}"
        if most >= MIN_COMMON_SEEDS
        else f"Not tested: a test needs {MIN_COMMON_SEEDS} common seeds, and there are {most}"
    )
    return (
        f"{summary_text}. A run of {found.left} beats one of {found.right} "
        f"with probability {probability}."
    )


def estimate(value: Estimate, *, signed: bool = True) -> str:
    """Return an estimate with its interval: ``+0.120 [+0.080, +0.160]``."""
    if not math.isfinite(value.value):
        return number_format.NOTHING
    numbers = [_number(one, signed) for one in (value.value, value.low, value.high)]
    return (
        numbers[0] if not math.isfinite(value.low) else f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"
    )


def _row(comparison: RowComparison) -> Row:
    paired = comparison.paired
    sides = (comparison.left, comparison.right)
    left, right = (summary(entry) for entry in sides)
    return Row(
        cells=(
            Named(comparison_title(comparison), comparison.name),
            number_format.words(comparison.left.subject.primary),
            *(number_format.interval(mean, left.limits) for mean in comparison.common_means),
            estimate(paired.difference),
            _probability(comparison.adjusted),
            _probability(paired.wilcoxon),
            estimate(paired.improvement, signed=False),
            _number(paired.effect, signed=True)
            if math.isfinite(paired.effect)
            else number_format.NOTHING,
            f"{paired.wins}/{paired.ties}/{paired.losses}",
            number_format.whole(paired.count),
            f"{left.seeds_ok}/{left.seeds_planned} and {right.seeds_ok}/{right.seeds_planned}",
            _both(number_format.whole, left.parameters, right.parameters),
            _both(number_format.size, left.state_bytes, right.state_bytes),
            _both(number_format.size, left.total_bytes, right.total_bytes),
            _both(number_format.size, left.buffer_bytes, right.buffer_bytes),
            _both(number_format.seconds, left.train_seconds, right.train_seconds),
            _both(number_format.seconds, left.train_cpu_seconds, right.train_cpu_seconds),
        ),
        incomplete=any(_incomplete(entry) for entry in sides),
    )


def _both(write: Callable[[T | None], str], left: T | None, right: T | None) -> str:
    return f"{write(left)} and {write(right)}"


def _incomplete(entry: ResultRow) -> bool:
    return len(entry.ok) < entry.planned


def _probability(p: float) -> str:
    if not math.isfinite(p):
        return number_format.NOTHING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float, signed: bool) -> str:
    written = number_format.score(value)
    return (
        f"+{written}" if signed and value > 0 and written != number_format.score(0.0) else written
    )
