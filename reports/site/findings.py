"""One or two sentences per benchmark, worked out from its rows: who leads, by how much, and whether that means anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.selection import ResultRow, Selection, Subject
from reports.analysis.summary import Summary, finite, scores, summarise
from reports.tables import number_format
from reports.tables.tables import distance_columns
from results.records.record import Record
from results.statistics.comparisons import MIN_SEEDS

MAX_NAMED_ROWS = 3
"""Most rows that a sentence goes through."""

FURTHEST = "furthest"
"""The option of tasks that says how far away they ask."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a benchmark's records say.

    Attributes:
        subject: The benchmark.
        claim: Who leads, or that nobody does.
        detail: What the claim stands on.
    """

    subject: Subject
    claim: str
    detail: str


def findings(selection: Selection) -> list[Finding]:
    """Write a headline for every benchmark."""
    rows = summarise(selection)
    return [
        _headline(selection, subject, [row for row in rows if row.benchmark == subject.name])
        for subject in selection.subjects
    ]


def _headline(selection: Selection, subject: Subject, rows: Sequence[Summary]) -> Finding:
    scored = [row for row in rows if row.mean is not None]
    if not scored:
        return _unscored(selection, subject, rows)
    best, *rest = scored
    sentences = [
        _comparison(best, rest),
        _chance_level(best),
        _furthest(selection, subject),
        _missing_seeds(rows),
    ]
    return Finding(
        subject, _claim(best, rest), " ".join(sentence for sentence in sentences if sentence)
    )


def _unscored(selection: Selection, subject: Subject, rows: Sequence[Summary]) -> Finding:
    """Tell what has not finished from what has, without the number that ranks it: what was measured instead, and how to get it."""
    records = [record for entry in selection.of(subject) for record in entry.ok]
    if not records:
        return Finding(subject, "No result yet", "No seed has finished.")
    seeds = f"{len(records)} seeds have" if len(records) > 1 else "One seed has"
    finished = f"{seeds} finished, without the number that ranks models."
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
    """Name the metrics that there are, distances together.

    Those of questions scored apart stand in the tables.
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
    return f"Measured: {'; '.join(named)}." if named else "Nothing else was measured either."


def _remedy(subject: Subject, records: Sequence[Record]) -> str:
    """Say with which options the primary metric is measured.

    Tasks ask up to the distance ``furthest``.
    """
    distance = re.fullmatch(r"accuracy_at_([0-9]{1,15})", subject.primary)
    furthest = records[0].cell.config.get("benchmark", {}).get(FURTHEST)
    if distance and isinstance(furthest, int) and furthest < int(distance[1]):
        return (
            f"It takes --set {FURTHEST}={distance[1]}, and these cells have {FURTHEST}={furthest}."
        )
    return "The benchmark's default options ask for it."


def _claim(best: Summary, rest: Sequence[Summary]) -> str:
    if best.chance is not None and not _above_chance(best, best.chance):
        return "Nobody is shown to beat guessing"
    if not rest:
        return f"{name(best)} stands alone"
    if _significantly_better(best, rest[0]):
        return f"{name(best)} leads"
    return f"{name(best)} is first, but not clear of {name(rest[0])}"


def _comparison(best: Summary, rest: Sequence[Summary]) -> str:
    first = f"{name(best)} reaches {_score(best)} {number_format.words(best.metric)}"
    if not rest:
        return f"{first}; there is nothing to compare it with."
    others = ", ".join(f"{name(row)} {_score(row)}" for row in rest[:MAX_NAMED_ROWS])
    return f"{first}; {others}{_verdict(best, rest[0])}."


def _verdict(best: Summary, second: Summary) -> str:
    if _significantly_better(best, second):
        return ""
    if min(best.seeds_ok, second.seeds_ok) < MIN_SEEDS:
        return " (too few seeds to tell them apart)"
    return " (the first two do not differ significantly)"


def _chance_level(best: Summary) -> str:
    return "" if best.chance is None else f"Guessing gives {number_format.score(best.chance)}."


def _furthest(selection: Selection, subject: Subject) -> str:
    """Say who still answers at a task's furthest distance."""
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
    return f"At the furthest distance, {distance} tokens: {', '.join(f'{model} {number_format.score(mean)}' for mean, model in best)}."


def _missing_seeds(rows: Sequence[Summary]) -> str:
    missing = [
        f"{name(row)} {row.seeds_ok}/{row.seeds_planned}"
        for row in rows
        if row.seeds_ok < row.seeds_planned
    ]
    return f"Seeds are wanting: {', '.join(missing)}." if missing else ""


def _above_chance(row: Summary, chance: float) -> bool:
    """Whether the whole interval lies above guessing; with one seed, whether the score does."""
    low = row.mean if row.low is None else row.low
    return low is not None and low > chance


def _significantly_better(best: Summary, second: Summary) -> bool:
    """Whether the best row is shown to be better than the one that follows it."""
    return best.rank is not None and second.rank is not None and best.rank < second.rank


def _score(row: Summary) -> str:
    return number_format.spread(row.mean, row.low, row.high)


def name(row: Summary) -> str:
    """Name a row in a sentence: the model, and in a stream how it learnt."""
    return f"{row.model} · {row.method}" if row.kind == "stream" else row.model
