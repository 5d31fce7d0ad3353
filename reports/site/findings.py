"""Findings: one or two sentences per benchmark on the best row, its lead and its significance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.best import above_chance
from reports.analysis.pairing import common_seeds, paired_scores
from reports.analysis.roles import COMPETING
from reports.analysis.selection import ResultRow, Selection, only_model
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, finite, ranked, scores
from reports.tables import number_format
from reports.tables.row_titles import model_title, row_title
from reports.tables.tables import distance_columns
from results.records.record import Record
from results.statistics.learning import THRESHOLD
from results.statistics.significance import MIN_COMMON_SEEDS

MAX_NAMED_ROWS = 3
"""Maximum number of rows that a sentence names."""

Named = tuple[str, Summary]
"""A row with its title."""

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
    """Return the finding on every benchmark, about the rows that compete if there are any."""
    return [_headline(selection, subject) for subject in selection.subjects]


def _headline(selection: Selection, subject: Subject) -> Finding:
    pairs = ranked(selection, subject)
    only = only_model(selection.compared(subject))
    rows = [(row_title(entry, only), row) for entry, row in pairs]
    scored = _candidates(pairs)
    if not scored:
        return _unscored(selection, subject, rows)
    (entry, _), *others = scored
    best, *rest = [(row_title(one, only), row) for one, row in scored]
    tested = any(
        common_seeds(entry, other, subject.primary) >= MIN_COMMON_SEEDS for other, _ in others[:1]
    )
    sentences = [
        _comparison(best, rest, tested),
        _better_controls(best[1], rows),
        _chance_level(best[1]),
        _solved(entry),
        _furthest(selection, subject),
        _missing_seeds(rows),
    ]
    return Finding(
        subject,
        _claim(entry, best, rest, tested),
        " ".join(sentence for sentence in sentences if sentence),
    )


def _candidates(pairs: Sequence[tuple[ResultRow, Summary]]) -> list[tuple[ResultRow, Summary]]:
    """Return the rows with a score that a claim may name.

    They are those of the ranking that compete; without one all but bounds, and else the bounds.
    """
    scored = [pair for pair in pairs if pair[1].tested is not None]
    competing = [pair for pair in scored if pair[1].role in COMPETING]
    return competing or [pair for pair in scored if pair[1].role != "bound"] or scored


def _better_controls(best: Summary, rows: Sequence[Named]) -> str:
    """Name the controls of the ranking with a higher mean than the best row that competes."""
    found = [
        f"{title} {_score(row)}"
        for title, row in rows
        if row.role == "control"
        and row.tested is not None
        and (row.mean or 0.0) > (best.mean or 0.0)
    ]
    if not found or best.role == "control":
        return ""
    subject = "A control scores" if len(found) == 1 else "Controls score"
    return f"{subject} higher: {', '.join(found)}."


def _unscored(selection: Selection, subject: Subject, rows: Sequence[Named]) -> Finding:
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


def _claim(entry: ResultRow, best: Named, rest: Sequence[Named], tested: bool) -> str:
    name, row = best
    if not above_chance(entry):
        fixed = entry.subject.kind == "task" and any(
            one.learning is None or one.learning.solved is None for one in entry.ok
        )
        suffix = " after its fixed number of steps" if fixed else ""
        return f"No model that competes is significantly above chance{suffix}"
    if not rest:
        return f"{name} is the only {'model' if row.kind == 'task' else 'row'}"
    second, other = rest[0]
    if row.seeds_ok == 1 and any(one.seeds_ok > 1 for _, one in rest):
        return f"{name} is ahead with one seed: not established"
    if _significantly_better(row, other):
        return f"{name} is best"
    if not tested:
        return f"{name} is ahead of {second}, not tested, with too few seeds"
    return f"Tie: {name} is not significantly better than {second}"


def _comparison(best: Named, rest: Sequence[Named], tested: bool) -> str:
    name, row = best
    first = f"{name} reaches {_score(row)} {number_format.words(row.metric)}"
    if not rest:
        return f"{first}; no other row has a score."
    others = ", ".join(f"{other} {_score(one)}" for other, one in rest[:MAX_NAMED_ROWS])
    return f"{first}; {others}{_verdict(row, rest[0][1], tested)}."


def _verdict(best: Summary, second: Summary, tested: bool) -> str:
    if _significantly_better(best, second):
        return ""
    if not tested:
        if best.seeds_ok == 1 or second.seeds_ok == 1:
            return " (one seed: not tested)"
        return f" (not tested: fewer than {MIN_COMMON_SEEDS} common seeds)"
    return " (tie: the first two do not differ significantly)"


def _chance_level(best: Summary) -> str:
    return "" if best.chance is None else f"Chance level: {number_format.score(best.chance)}."


def _furthest(selection: Selection, subject: Subject) -> str:
    """Return the best accuracies at a task's largest distance."""
    entries: Sequence[ResultRow] = selection.compared(subject) if subject.kind == "task" else ()
    columns = distance_columns(entries)
    if not columns or columns[-1][0] == subject.primary:
        return ""
    metric, distance = columns[-1]
    found = [
        (mean, model_title(entry))
        for entry in entries
        if entry.ok
        and not entry.superseded
        and (mean := finite(scores(entry, metric).mean)) is not None
    ]
    best = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:MAX_NAMED_ROWS]
    if not best:
        return ""
    named = ", ".join(f"{model} {number_format.score(mean)}" for mean, model in best)
    return f"At the largest distance, {distance} tokens: {named}."


def _solved(entry: ResultRow) -> str:
    """State how many seeds of the best row of a task reach a score of 0.9, if not all."""
    values = paired_scores([entry], entry.subject.primary)[0]
    count, reached = int(np.isfinite(values).sum()), int((values >= THRESHOLD).sum())
    if entry.subject.kind != "task" or count == reached:
        return ""
    title = model_title(entry)
    if not reached:
        return f"The task is not solved: no seed of {title} reaches {THRESHOLD:g}."
    fail = count - reached
    verb = "fails" if fail == 1 else "fail"
    return f"{fail} of {count} seeds of {title} {verb} to reach {THRESHOLD:g}."


def _missing_seeds(rows: Sequence[Named]) -> str:
    missing = [
        f"{title} {row.seeds_ok}/{row.seeds_planned}"
        for title, row in rows
        if row.seeds_ok < row.seeds_planned
    ]
    return f"Missing seeds: {', '.join(missing)}." if missing else ""


def _significantly_better(best: Summary, second: Summary) -> bool:
    """Whether the best row is significantly better than the second."""
    return best.rank is not None and second.rank is not None and best.rank < second.rank


def _score(row: Summary) -> str:
    return number_format.spread(row.mean, row.low, row.high, row.limits)
