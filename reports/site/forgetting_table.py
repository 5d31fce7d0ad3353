"""Which method forgets least at equal bytes: a row per stream and budget."""

from collections import defaultdict
from collections.abc import Sequence

from reports.analysis.metric_ranges import metric_range
from reports.analysis.pairing import paired_scores
from reports.analysis.roles import COMPETING
from reports.analysis.selection import ResultRow, Selection, usual_model
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite, scores
from reports.tables import number_format
from reports.tables.row_titles import model_title, options_text
from reports.tables.tables import Column, Row, Table
from results.statistics.significance import MIN_COMMON_SEEDS, paired_tests

METRIC = "forgetting"

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


def forgetting_table(selection: Selection) -> Table | None:
    """Compare the two methods that forget least at each budget; None without two methods."""
    rows = [
        row
        for subject in selection.subjects
        if subject.kind == "stream"
        for row in _rows(subject, selection.of(subject))
    ]
    if not rows:
        return None
    caption = (
        "The two competing methods with the least forgetting (mean drop of accuracy from the end "
        "of an experience's training to the end of the stream; lower is better) at each budget, "
        "with half of the 95% interval over seeds, and their accuracy at the end; difference: "
        f"paired t-test over common seeds, at least {MIN_COMMON_SEEDS}. A budget in all counts "
        "stored bytes and parameters; stored bytes leave out parameters, so the methods of such "
        "a row differ in total bytes"
    )
    return Table(caption, TABLE_COLUMNS, tuple(rows), heading=1, grouped=True)


def _rows(subject: Subject, entries: Sequence[ResultRow]) -> list[Row]:
    usual = usual_model(list(entries))
    budgets: dict[str, list[tuple[float, ResultRow]]] = defaultdict(list)
    for entry in entries:
        mean = finite(scores(entry, METRIC).mean) if entry.ok else None
        if entry.budget is not None and entry.role in COMPETING and mean is not None:
            budgets[entry.budget].append((mean, entry))
    found = []
    for budget in sorted(budgets, key=_order):
        best = [entry for _, entry in sorted(budgets[budget], key=lambda pair: pair[0])]
        if len(best) > 1:
            found.append(
                Row(
                    (
                        subject.shown,
                        options_text(budget),
                        *_cells(best[0], usual),
                        _verdict(best[:2]),
                        *_cells(best[1], usual),
                    )
                )
            )
    return found


def _order(budget: str) -> tuple[bool, int, str]:
    """Sort total budgets first, then by size."""
    value = budget.partition("=")[2]
    size = int(value) if value.isdecimal() else 0
    return (not budget.startswith("total_budget"), size, budget)


def _cells(entry: ResultRow, usual: str) -> tuple[str, str, str]:
    options = entry.method.partition("[")[2].removesuffix("]").replace(",", ", ")
    title = (entry.method_title or entry.method).removesuffix(f", {options}")
    return (
        title if entry.model == usual else f"{model_title(entry)} · {title}",
        number_format.interval(scores(entry, METRIC), metric_range(METRIC)),
        number_format.score(finite(scores(entry, "accuracy").mean)),
    )


def _verdict(pair: Sequence[ResultRow]) -> str:
    """Return whether the first forgets less than the second."""
    first, second = paired_scores(pair, METRIC)
    tests = paired_tests((second - first)[None, :])
    if tests.count[0] < MIN_COMMON_SEEDS:
        return "one seed: not tested" if tests.count[0] == 1 else "not tested"
    return "significant" if tests.significant[0] else "tie"
