"""Findings: one or two sentences per benchmark on the best row, its lead and its significance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.pairing import common_seeds, paired_scores
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, finite, ranked, scores
from reports.tables import number_format
from reports.tables.tables import distance_columns
from results.records.record import Record
from results.statistics.significance import MIN_COMMON_SEEDS, paired_tests

MAX_NAMED_ROWS = 3
"""Maximum number of rows that a sentence names."""

FURTHEST = "furthest"
"""Name of the tasks' option for the maximum distance."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding on one benchmark.

    Attributes:
        subject: The benchmark.
        claim: The best row, or that there is none.
        detail: The numbers behind the claim.
    """

    subject: Subject
    claim: str
    detail: str


def findings(selection: Selection) -> list[Finding]:
    """Return the finding on every benchmark; bounds are named only if nothing else has a score."""
    return [_headline(selection, subject) for subject in selection.subjects]


def _headline(selection: Selection, subject: Subject) -> Finding:
    pairs = ranked(selection, subject)
    rows = [row for _, row in pairs]
    if any(row.role != "bound" and row.mean is not None for row in rows):
        pairs = [(entry, row) for entry, row in pairs if row.role != "bound"]
    scored = [(entry, row) for entry, row in pairs if row.mean is not None]
    if not scored:
        return _unscored(selection, subject, rows)
    (entry, best), *others = scored
    rest = [row for _, row in others]
    tested = any(
        common_seeds(entry, other, subject.primary) >= MIN_COMMON_SEEDS for other, _ in others[:1]
    )
    sentences = [
        _comparison(best, rest, tested),
        _chance_level(best),
        _furthest(selection, subject),
        _missing_seeds(rows),
    ]
    return Finding(
        subject,
        _claim(entry, best, rest, tested),
        " ".join(sentence for sentence in sentences if sentence),
    )


def _unscored(selection: Selection, subject: Subject, rows: Sequence[Summary]) -> Finding:
    """Return the finding on a benchmark without its primary metric.

    It distinguishes unfinished seeds from finished ones, and names what was measured and how to
    measure the primary metric.
    """
    records = [record for entry in selection.of(subject) for record in entry.ok]
    if not records:
        return Finding(subject, "No result yet", "No seed has finished.")
    seeds = f"{len(records)} seeds have" if len(records) > 1 else "One seed has"
    finished = f"{seeds} finished, without the primary metric."
    sentences = [
        finished,
        _measured(selection, subject),
        _remedy(subject, records),
        _furthest(selection, subject),
        _missing_seeds(rows),
    ]
    claim = f"Finished, but {number_format.words(subject.primary)} was not measured"
    return Finding(subject, claim, " ".join(sentence for sentence in sentences if sentence))


def _measured(selection: Selection, subject: Subject) -> str:
    """Name the available metrics, all distances together.

    Metrics of query groups are in the tables.
    """
    entries = selection.of(subject)
    taken = {
        name
        for entry in entries
        for record in entry.ok
        for name, value in record.metrics.items()
        if value is not None
    }
    at = [title for metric, title in distance_columns(entries) if metric in taken]
    named = [
        number_format.words(name)
        for name in sorted(taken)
        if not re.search(r"accuracy_at_[0-9]+$", name)
    ]
    if at:
        named.append(f"accuracy at {', '.join(at)}")
    return f"Measured: {'; '.join(named)}." if named else "Nothing else was measured."


def _remedy(subject: Subject, records: Sequence[Record]) -> str:
    """Return which options measure the primary metric."""
    distance = re.fullmatch(r"accuracy_at_([0-9]{1,15})", subject.primary)
    furthest = records[0].cell.config.get("benchmark", {}).get(FURTHEST)
    if distance and isinstance(furthest, int) and furthest < int(distance[1]):
        return f"It needs --set {FURTHEST}={distance[1]}; these cells have {FURTHEST}={furthest}."
    return "The benchmark's default options measure it."


def _claim(entry: ResultRow, best: Summary, rest: Sequence[Summary], tested: bool) -> str:
    if best.chance is not None and not _can_be_above_chance(entry, best.chance):
        fixed = entry.subject.kind == "task" and any(one.learning is None for one in entry.ok)
        suffix = " after its fixed number of steps" if fixed else ""
        return f"No model is significantly above chance{suffix}"
    if not rest:
        return f"{name(best)} is the only model"
    if _significantly_better(best, rest[0]):
        return f"{name(best)} is best"
    if not tested:
        return f"{name(best)} is best, not tested against {name(rest[0])}"
    return f"{name(best)} is best, not significantly better than {name(rest[0])}"


def _comparison(best: Summary, rest: Sequence[Summary], tested: bool) -> str:
    first = f"{name(best)} reaches {_score(best)} {number_format.words(best.metric)}"
    if not rest:
        return f"{first}; no other row has a score."
    others = ", ".join(f"{name(row)} {_score(row)}" for row in rest[:MAX_NAMED_ROWS])
    return f"{first}; {others}{_verdict(best, rest[0], tested)}."


def _verdict(best: Summary, second: Summary, tested: bool) -> str:
    if _significantly_better(best, second):
        return ""
    if not tested:
        return f" (not tested: fewer than {MIN_COMMON_SEEDS} common seeds)"
    return " (the first two do not differ significantly)"


def _chance_level(best: Summary) -> str:
    return "" if best.chance is None else f"Chance level: {number_format.score(best.chance)}."


def _furthest(selection: Selection, subject: Subject) -> str:
    """Return the best accuracies at a task's largest distance."""
    entries: Sequence[ResultRow] = selection.of(subject) if subject.kind == "task" else ()
    columns = distance_columns(entries)
    if not columns or columns[-1][0] == subject.primary:
        return ""
    metric, distance = columns[-1]
    found = [
        (mean, entry.model)
        for entry in entries
        if entry.ok and (mean := finite(scores(entry, metric).mean)) is not None
    ]
    best = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:MAX_NAMED_ROWS]
    if not best:
        return ""
    named = ", ".join(f"{model} {number_format.score(mean)}" for mean, model in best)
    return f"At the largest distance, {distance} tokens: {named}."


def _missing_seeds(rows: Sequence[Summary]) -> str:
    missing = [
        f"{name(row)} {row.seeds_ok}/{row.seeds_planned}"
        for row in rows
        if row.seeds_ok < row.seeds_planned
    ]
    return f"Missing seeds: {', '.join(missing)}." if missing else ""


def _can_be_above_chance(entry: ResultRow, chance: float) -> bool:
    """Whether the mean is above chance, and significantly so if there are enough seeds."""
    tests = paired_tests(paired_scores([entry], entry.subject.primary) - chance)
    above = bool(tests.difference[0] > 0)
    return above and bool(tests.significant[0] or tests.count[0] < MIN_COMMON_SEEDS)


def _significantly_better(best: Summary, second: Summary) -> bool:
    """Whether the best row is significantly better than the second."""
    return best.rank is not None and second.rank is not None and best.rank < second.rank


def _score(row: Summary) -> str:
    return number_format.spread(row.mean, row.low, row.high, row.limits)


def name(row: Summary) -> str:
    """Return a row's name in a sentence: the model, and on a stream the method."""
    return f"{row.model} · {row.method}" if row.kind == "stream" else row.model
