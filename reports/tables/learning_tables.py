"""Two tables of a task trained to convergence: how fast rows learned it, and how far they reach."""

from collections.abc import Sequence

from reports.analysis.learning import LearningSummary, learning_summary, solved_seeds
from reports.analysis.metric_ranges import metric_range
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from reports.analysis.summary import ranked, scores
from reports.tables import number_format
from reports.tables.columns import informative
from reports.tables.tables import (
    Column,
    Row,
    Table,
    detail_tables,
    distance_columns,
    named_model,
)

FAST = "how fast rows learned the task"
FAR = "how far rows that solved the task reach"

MEASURES = (
    Column("at step 0", numeric=True),
    Column("solved", numeric=True),
    Column("examples to 0.9", numeric=True),
    Column("CPU time to 0.9", numeric=True),
    Column("at the end", numeric=True),
    Column("examples", numeric=True),
)


def benchmark_tables(selection: Selection, subject: Subject) -> list[Table]:
    """Return all tables of a benchmark: how fast and how far, then its metrics in detail.

    Columns without information are left out.
    """
    found = [*learning_tables(selection, subject), *detail_tables(selection, subject)]
    return [informative(table) for table in found]


def learning_tables(selection: Selection, subject: Subject) -> list[Table]:
    """Return both tables of a benchmark; none without validations during training."""
    rows = [entry for entry, _ in ranked(selection, subject)]
    found = [
        (entry, measured) for entry in rows if (measured := learning_summary(entry)) is not None
    ]
    if not found:
        return []
    tables = [
        Table(
            f"{subject.shown}: {FAST}. Validation accuracy before training and at its end, mean "
            "over seeds; seeds that solved the task; median over seeds of the examples and the CPU "
            "time until a validation accuracy of 0.9; examples in all",
            (*_named(selection), *MEASURES),
            tuple(
                Row((*_names(selection, entry), *_measures(measured))) for entry, measured in found
            ),
        )
    ]
    solvers = [one for entry, _ in found if (one := solved_seeds(entry)).ok]
    far = _far_table(selection, subject, solvers)
    return tables if far is None else [*tables, far]


def _far_table(
    selection: Selection, subject: Subject, solvers: Sequence[ResultRow]
) -> Table | None:
    """Return accuracy by distance of rows over the seeds that solved the task; None without any."""
    metrics = distance_columns(solvers)
    if not metrics:
        return None
    rows = [
        (
            *_names(selection, entry),
            entry.seeds,
            *(
                number_format.interval(scores(entry, name), metric_range(name))
                for name, _ in metrics
            ),
        )
        for entry in solvers
    ]
    return Table(
        f"{subject.shown}: {FAR}. Accuracy by distance in tokens, or by length for "
        "whole-sequence evaluation, over the seeds that solved it",
        (
            *_named(selection),
            Column("solved", numeric=True),
            *(Column(title, numeric=True) for _, title in metrics),
        ),
        tuple(map(Row, rows)),
    )


def _named(selection: Selection) -> tuple[Column, ...]:
    return (Column("model"), *((Column("setting"),) if selection.ambiguous else ()))


def _names(selection: Selection, entry: ResultRow) -> tuple[str, ...]:
    return (named_model(entry), *((entry.setting,) if selection.ambiguous else ()))


def _measures(measured: LearningSummary) -> tuple[str, ...]:
    """Return the cells of `MEASURES`; without a median, the number of seeds that reached 0.9."""
    some = f"{measured.reached} of {measured.seeds} seeds"
    return (
        number_format.score(measured.initial_accuracy),
        number_format.NOTHING if measured.solved is None else f"{measured.solved}/{measured.seeds}",
        some if measured.examples_to_90 is None else _count(measured.examples_to_90),
        number_format.seconds(measured.cpu_seconds_to_90),
        number_format.score(measured.final_accuracy),
        _count(measured.examples),
    )


def _count(value: float) -> str:
    return number_format.whole(round(value))
