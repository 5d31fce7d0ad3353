"""Compares two models, or two stores, on every benchmark, paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reports.analysis.benchmark_variants import shared_versions
from reports.analysis.pairing import paired_scores
from reports.analysis.rng import generator
from reports.analysis.selection import ResultRow, Selection
from results.errors import UsageError
from results.statistics.bootstrap import Estimate
from results.statistics.comparisons import Comparison, compare, improvement
from results.statistics.intervals import Interval, mean_interval
from results.statistics.ranks import all_pairs
from results.statistics.significance import MIN_COMMON_SEEDS, SIGNIFICANCE, paired_tests


@dataclass(frozen=True, slots=True)
class RowComparison:
    """Two rows on one benchmark.

    Attributes:
        left: The first row.
        right: The second row.
        scores: The primary metric of both, ``[2, seeds]``; NaN where a seed has none.
        paired: Statistics of the common seeds; differences are left minus right.
        adjusted: The p of `results.statistics.significance`, Holm-corrected over all rows; NaN if
            the rows are not tested.
    """

    left: ResultRow
    right: ResultRow
    scores: npt.NDArray[np.float64]
    paired: Comparison
    adjusted: float

    @property
    def name(self) -> str:
        """The benchmark, with the model if both sides share it, and on a stream the methods."""
        left, right = self.left, self.right
        model = [left.model] if left.model == right.model else []
        methods = " against ".join(dict.fromkeys((left.method, right.method)))
        return " · ".join(
            [left.subject.name, *model, *([methods] if left.subject.kind == "stream" else [])]
        )

    @property
    def common_means(self) -> tuple[Interval, Interval]:
        """The means of both rows over their common seeds, with intervals."""
        common = np.isfinite(self.scores).all(axis=0)
        left, right = (mean_interval(side[common]) for side in self.scores)
        return left, right

    @property
    def winner(self) -> str:
        """The side that is significantly better: ``left``, ``right``, or an empty string."""
        if not self.adjusted < SIGNIFICANCE:
            return ""
        return "left" if self.paired.difference.value > 0 else "right"


@dataclass(frozen=True, slots=True)
class PairwiseReport:
    """The comparison of two models, or of two stores.

    Attributes:
        left: Name of the first.
        right: Name of the second.
        comparisons: One per benchmark on which both have a row.
        improvement: Probability that a run of the first scores higher than a run of the second;
            every benchmark has the same weight.
        notes: Remarks for the reader: omitted rows, different settings.
    """

    left: str
    right: str
    comparisons: tuple[RowComparison, ...]
    improvement: Estimate
    notes: tuple[str, ...] = ()

    @property
    def tally(self) -> tuple[int, int, int]:
        """Number of rows won significantly by the left, by neither, and by the right side."""
        winners = [comparison.winner for comparison in self.comparisons]
        return winners.count("left"), winners.count(""), winners.count("right")


def compare_models(selection: Selection, left: str, right: str) -> PairwiseReport:
    """Compare two models of one store.

    Args:
        selection: The store's rows.
        left: A model or variant as the leaderboard names it, or ``MODEL:METHOD``.
        right: The other. If neither names a method, rows with equal methods are compared.

    Raises:
        UsageError: If one is not in the store, if they share no benchmark, or if they are equal.
    """
    if left == right:
        raise UsageError(f"cannot compare {left!r} with itself: give two models, or two stores")
    named_left, named_right = _named(selection, left), _named(selection, right)
    first, second = _best(named_left), _best(named_right)
    named = ":" in left or ":" in right
    pairs = [
        (one, other)
        for one in first
        for other in second
        if one.subject == other.subject and (named or one.method == other.method)
    ]
    if not pairs:
        raise UsageError(
            f"{left} and {right} share no benchmark and method in this store; "
            "name methods as MODEL:METHOD"
        )
    return _report(left, right, pairs, _omitted_rows([*named_left, *named_right]))


def compare_stores(left: Selection, right: Selection, names: tuple[str, str]) -> PairwiseReport:
    """Compare the rows of two stores that have the same benchmark, model and method.

    Args:
        left: Rows of the first store.
        right: Rows of the second store.
        names: Names of the two stores.

    Raises:
        UsageError: If the stores have no row in common.
    """
    first, second = (_best(selection.entries) for selection in (left, right))
    found = {_key(entry): entry for entry in second}
    pairs = [(entry, found[_key(entry)]) for entry in first if _key(entry) in found]
    if not pairs:
        raise UsageError(
            f"the stores {names[0]} and {names[1]} have no benchmark, model and method in common"
        )
    notes = [*_omitted_rows(left.entries), *_omitted_rows(right.entries)]
    unpaired = len(first) + len(second) - 2 * len(pairs)
    notes += [f"rows in only one of the stores: {unpaired}"] if unpaired else []
    different = [" · ".join(_key(one)) for one, other in pairs if one.setting != other.setting]
    notes += [f"config or version differs: {', '.join(different)}"] if different else []
    other = [" · ".join(_key(one)) for one, other in pairs if not _comparable(one, other)]
    notes += (
        [f"NOT COMPARABLE, the benchmark's version or data differ: {', '.join(other)}"]
        if other
        else []
    )
    return _report(*names, pairs, notes)


def against_best(entries: Sequence[ResultRow]) -> tuple[RowComparison, ...]:
    """Compare the first row with each other row.

    p is corrected over all pairs of the rows, as for the ranks of the leaderboard.

    Args:
        entries: All rows of one benchmark, the best first.
    """
    tests = all_pairs(paired_scores(entries, entries[0].subject.primary))
    pairs = [(entries[0], other) for other in entries[1:]]
    return _compare_pairs(pairs, tests.p[: len(pairs)])


def _comparable(one: ResultRow, other: ResultRow) -> bool:
    """Whether two rows were measured on the same version of the benchmark and the same data."""
    return shared_versions(one.ok[0].cell) == shared_versions(other.ok[0].cell)


def _omitted_rows(entries: Sequence[ResultRow]) -> list[str]:
    """Describe the rows that are omitted because another with the same names has more seeds."""
    chosen = {id(entry) for entry in _best(entries)}
    left_out = sorted(
        {
            f"{' · '.join(_key(entry))} in setting {entry.setting}"
            for entry in entries
            if entry.ok and id(entry) not in chosen
        }
    )
    return (
        ["omitted, because a row with the same names has more seeds: " + ", ".join(left_out)]
        if left_out
        else []
    )


def _report(
    left: str, right: str, pairs: Sequence[tuple[ResultRow, ResultRow]], notes: Sequence[str]
) -> PairwiseReport:
    comparisons = _compare_pairs(pairs)
    underpowered = [
        comparison.name for comparison in comparisons if comparison.paired.count < MIN_COMMON_SEEDS
    ]
    if 0 < len(underpowered) < len(comparisons):
        notes = [
            *notes,
            f"not tested, fewer than {MIN_COMMON_SEEDS} common seeds: {', '.join(underpowered)}",
        ]
    return PairwiseReport(
        left=left,
        right=right,
        comparisons=comparisons,
        improvement=improvement(
            [(comparison.scores[0], comparison.scores[1]) for comparison in comparisons],
            generator=generator("improvement", left, right),
        ),
        notes=tuple(notes),
    )


def _compare_pairs(
    pairs: Sequence[tuple[ResultRow, ResultRow]], adjusted: npt.NDArray[np.float64] | None = None
) -> tuple[RowComparison, ...]:
    """Compare pairs of rows; without adjusted p, test them and correct over these pairs."""
    scores = [paired_scores(pair, pair[0].subject.primary) for pair in pairs]
    found = [
        compare(*both, generator=generator("comparison", *_key(one), *_key(other)))
        for both, (one, other) in zip(scores, pairs, strict=True)
    ]
    if adjusted is None:
        adjusted = paired_tests(_padded([left - right for left, right in scores])).p
    return tuple(
        RowComparison(*pair, both, one, float(p))
        for pair, both, one, p in zip(pairs, scores, found, adjusted, strict=True)
    )


def _padded(differences: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Stack differences of several benchmarks; NaN after the last seed of each."""
    seeds = max(map(len, differences), default=0)
    stacked = np.full((len(differences), seeds), np.nan)
    for row, values in zip(stacked, differences, strict=True):
        row[: len(values)] = values
    return stacked


def _named(selection: Selection, name: str) -> list[ResultRow]:
    model, _, method = name.partition(":")
    found = [
        entry
        for entry in selection.entries
        if entry.ok and entry.model == model and method in ("", entry.method)
    ]
    if not found:
        available = sorted({entry.model for entry in selection.entries if entry.ok})
        raise UsageError(
            f"there is no result of {name!r} in this store; "
            f"it has {', '.join(available) or 'no results'}"
        )
    return found


def _best(entries: Sequence[ResultRow]) -> list[ResultRow]:
    """Return one row per benchmark, model and method: the one with the most finished seeds.

    The order of settings breaks ties.
    """
    chosen: dict[tuple[str, str, str], ResultRow] = {}
    for entry in sorted(entries, key=lambda entry: (-len(entry.ok), entry.setting)):
        if entry.ok:
            chosen.setdefault(_key(entry), entry)
    return [entry for entry in entries if chosen.get(_key(entry)) is entry]


def _key(entry: ResultRow) -> tuple[str, str, str]:
    return (entry.subject.name, entry.model, entry.method)
