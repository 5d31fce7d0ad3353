"""Which method forgets least at equal bytes: a row per stream and budget."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.metric_ranges import metric_range
from reports.analysis.pairing import common_seeds, paired_scores
from reports.analysis.selection import ResultRow, Selection, only_model
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite, scores
from reports.tables import number_format
from reports.tables.row_titles import model_title, options_text
from reports.tables.tables import Column, Row, Table
from results.statistics.ranks import pairwise
from results.statistics.significance import MIN_COMMON_SEEDS

METRIC = "forgetting"

MAX_NAMED_STREAMS = 4
"""Maximum number of streams that a sentence names."""

TABLE_COLUMNS = (
    Column("stream"),
    Column("budget"),
    Column("forgets least"),
    Column("forgetting", numeric=True),
    Column("accuracy", numeric=True),
    Column("difference"),
    Column("next"),
    Column("forgetting", numeric=True),
    Column("accuracy", numeric=True),
)


@dataclass(frozen=True, slots=True)
class Method:
    """A method at a budget: its title, its forgetting with interval, and its accuracy, as text."""

    title: str
    forgetting: str
    accuracy: str


@dataclass(frozen=True, slots=True)
class LeastForgetting:
    """The two competing methods that forget least on a stream at a budget.

    Attributes:
        subject: The stream.
        budget: The budget, as a variant's option.
        best: The method that forgets least.
        second: The next one.
        verdict: Whether they differ: ``significant``, ``tie`` or ``not tested``.
    """

    subject: Subject
    budget: str
    best: Method
    second: Method
    verdict: str


def least_forgetting(selection: Selection) -> list[LeastForgetting]:
    """Compare the two methods that forget least, by stream and budget; total budgets first."""
    return [
        row
        for subject in selection.subjects
        if subject.kind == "stream"
        for row in _rows(subject, selection.of(subject))
    ]


def forgetting_table(selection: Selection) -> Table | None:
    """Show the two methods that forget least at each budget; None without two methods."""
    rows = [
        Row(
            (
                one.subject.shown,
                options_text(one.budget),
                *_cells(one.best),
                one.verdict,
                *_cells(one.second),
            )
        )
        for one in least_forgetting(selection)
    ]
    if not rows:
        return None
    caption = (
        "The two competing methods with the least forgetting (mean drop of accuracy from the end "
        "of an experience's training to the end of the stream; lower is better) at each budget, "
        "with half of the 95% interval over seeds, and their accuracy at the end; difference: "
        f"paired t-test over common seeds, at least {MIN_COMMON_SEEDS}, Holm-corrected over the "
        "methods of the budget. A budget in all counts stored bytes and parameters; stored bytes "
        "leave out parameters, so the methods of such a row differ in total bytes"
    )
    return Table(caption, TABLE_COLUMNS, tuple(rows), heading=1, grouped=True)


def forgetting_answer(selection: Selection) -> str:
    """State which method forgets least at each budget of all bytes; empty without such budgets."""
    found: dict[str, list[LeastForgetting]] = defaultdict(list)
    for one in least_forgetting(selection):
        if _order(one.budget)[0] == 0:
            found[one.budget].append(one)
    return " ".join(_sentence(budget, found[budget]) for budget in sorted(found, key=_order))


def _sentence(budget: str, rows: Sequence[LeastForgetting]) -> str:
    """Name the best method of each stream, and the next one with the verdict."""
    parts = [
        f"{one.best.title} on {one.subject.shown} ({one.best.forgetting} at accuracy "
        f"{one.best.accuracy}; {_against(one)})"
        for one in rows[:MAX_NAMED_STREAMS]
    ]
    more = len(rows) - len(parts)
    further = f", and {more} further stream{'s' * (more > 1)} in the table" if more else ""
    return f"At {options_text(budget)}, least forgetting: {', '.join(parts)}{further}."


def _against(one: LeastForgetting) -> str:
    second = f"{one.second.title} {one.second.forgetting}"
    return {"significant": f"significantly less than {second}"}.get(
        one.verdict, f"{second}, {one.verdict}"
    )


def _rows(subject: Subject, entries: Sequence[ResultRow]) -> list[LeastForgetting]:
    only = only_model(list(entries))
    budgets: dict[str, list[tuple[float, ResultRow]]] = defaultdict(list)
    for entry in entries:
        mean = finite(scores(entry, METRIC).mean) if entry.ok else None
        if entry.budget is not None and entry.competes and mean is not None:
            budgets[entry.budget].append((mean, entry))
    found = []
    for budget in sorted(budgets, key=_order):
        best = [entry for _, entry in sorted(budgets[budget], key=lambda pair: pair[0])]
        if len(best) > 1:
            found.append(
                LeastForgetting(
                    subject,
                    budget,
                    _method(best[0], only),
                    _method(best[1], only),
                    _verdict(best),
                )
            )
    return found


def _order(budget: str) -> tuple[bool, int, str]:
    """Sort total budgets first, then by size."""
    value = budget.partition("=")[2]
    size = int(value) if value.isdecimal() else 0
    return (not budget.startswith("total_budget"), size, budget)


def _cells(method: Method) -> tuple[str, str, str]:
    return method.title, method.forgetting, method.accuracy


def _method(entry: ResultRow, only: str) -> Method:
    options = entry.method.partition("[")[2].removesuffix("]").replace(",", ", ")
    title = (entry.method_title or entry.method).removesuffix(f", {options}")
    return Method(
        title if entry.model == only else f"{model_title(entry)} · {title}",
        number_format.interval(scores(entry, METRIC), metric_range(METRIC)),
        number_format.score(finite(scores(entry, "accuracy").mean)),
    )


def _verdict(rows: Sequence[ResultRow]) -> str:
    """Return whether the first of a budget's methods forgets less than the second."""
    common = common_seeds(rows[0], rows[1], METRIC)
    if common < MIN_COMMON_SEEDS:
        return "one seed: not tested" if common == 1 else "not tested"
    significant, _ = pairwise(paired_scores(rows, METRIC))
    return "significant" if significant[0, 1] else "tie"
