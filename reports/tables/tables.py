"""Tables as text in cells, independent of any format.

Every row shows its seeds; those of the leaderboard show their costs: size, memory and time.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.analysis.best import best_row
from reports.analysis.metric_ranges import metric_range
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, ranked, scores
from reports.tables import number_format
from reports.tables.ranks import rank_text, with_reason
from reports.tables.row_titles import method_title, model_title
from results.statistics.metrics import STREAM_METRICS
from results.statistics.significance import MIN_COMMON_SEEDS


class Named(str):
    """A title for people in a cell, with the name in records.

    Attributes:
        raw: The name in records.
    """

    raw: str

    def __new__(cls, title: str, raw: str) -> "Named":
        """Return the title as text that also has the name."""
        made = super().__new__(cls, title)
        made.raw = raw
        return made


def named_model(entry: ResultRow) -> Named:
    """Return the model of a row."""
    return Named(model_title(entry), entry.model)


def named_method(entry: ResultRow) -> str:
    """Return the method of a stream's row; a task has none."""
    if entry.subject.kind == "task":
        return entry.method
    return Named(method_title(entry), entry.method)


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: Its title.
        numeric: Whether it contains numbers, which are right-aligned.
        key: Its name in a request, if that is not the title.
    """

    title: str
    numeric: bool = False
    key: str = ""

    @property
    def name(self) -> str:
        """Its name in a request."""
        return self.key or self.title


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, whether planned seeds are missing, and whether its score is the best."""

    cells: tuple[str, ...]
    incomplete: bool = False
    best: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: One line on what it shows.
        columns: One per cell of a row.
        rows: The rows, in order.
        heading: Index of the column that names the row.
        grouped: Whether the first column names a group of consecutive rows.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    heading: int = 0
    grouped: bool = False


COSTS = (
    Column("seeds", numeric=True),
    Column("parameters", numeric=True),
    Column("state", numeric=True),
    Column("total", numeric=True),
    Column("buffer", numeric=True),
    Column("training", numeric=True),
    Column("CPU time", numeric=True, key="cpu"),
)


LEADERBOARD_CAPTION = (
    "Leaderboard: mean over seeds ± half of the 95% Student-t interval, or [low, high] if that is "
    "clipped to the metric's range; rank: one plus the number of rows that are significantly "
    f"better (paired t-tests over at least {MIN_COMMON_SEEDS} common seeds, Holm-corrected)"
)


def leaderboard_table(selection: Selection, *, titles: bool = False) -> Table:
    """Rank the models of every benchmark by its primary metric.

    Args:
        selection: The rows.
        titles: Whether names are those for people, instead of those in cells.
    """
    named = (
        Column("benchmark"),
        Column("#", numeric=True, key="rank"),
        Column("model"),
        Column("method"),
    )
    scored = (Column("score", numeric=True), Column("chance", numeric=True), Column("metric"))
    found = [(subject, ranked(selection, subject)) for subject in selection.subjects]
    rows = [
        row
        for subject, pairs in found
        for row in _leaderboard_rows(selection, subject, pairs, titles=titles)
    ]
    caption = with_reason(LEADERBOARD_CAPTION, (row for _, pairs in found for _, row in pairs))
    columns = (*named, *_setting_column(selection), *scored, *COSTS)
    return Table(caption, columns, tuple(rows), heading=2, grouped=True)


def _leaderboard_rows(
    selection: Selection,
    subject: Subject,
    found: Sequence[tuple[ResultRow, Summary]],
    *,
    titles: bool,
) -> Iterator[Row]:
    """Yield the rows of a benchmark, with the best one marked if there is one."""
    best = best_row(selection.compared(subject))
    for entry, row in found:
        names = (row.benchmark, row.model, row.method)
        if titles:
            names = (subject.shown, entry.model_title or row.model, row.method)
            if subject.kind == "stream":
                names = (*names[:2], entry.method_title or row.method)
        yield Row(
            cells=(
                names[0],
                rank_text(row),
                *names[1:],
                *_setting(selection, row.setting),
                number_format.spread(row.mean, row.low, row.high, row.limits),
                number_format.score(row.chance),
                number_format.words(row.metric) if titles else row.metric,
                *costs(row),
            ),
            incomplete=row.seeds_ok < row.seeds_planned,
            best=entry is best,
        )


def detail_tables(selection: Selection, subject: Subject) -> list[Table]:
    """Return the tables of a benchmark.

    A stream has its metrics; a task has its accuracy at every distance, in total and then by query
    group. Costs are in the leaderboard.
    """
    entries = selection.of(subject)
    if subject.kind == "stream":
        found = [_by_metrics(selection, subject, stream_columns(entries), "metrics of the stream")]
    else:
        what = "accuracy by distance in tokens, or by length for whole-sequence evaluation"
        found = [_by_metrics(selection, subject, distance_columns(entries), what)]
        for group in groups(entries):
            found.append(
                _by_metrics(
                    selection,
                    subject,
                    distance_columns(entries, group),
                    f"{number_format.words(group)}, scored separately: {what}",
                )
            )
    return [table for table in found if table is not None]


def _by_metrics(
    selection: Selection, subject: Subject, metrics: Sequence[tuple[str, str]], what: str
) -> Table | None:
    """Show one metric per column; None without metrics or without a finished seed."""
    if not metrics or not any(entry.ok for entry in selection.of(subject)):
        return None
    rows = []
    for entry, row in ranked(selection, subject):
        values = [
            number_format.interval(scores(entry, metric), metric_range(metric))
            if entry.ok
            else number_format.NOTHING
            for metric, _ in metrics
        ]
        cells = (
            named_model(entry),
            named_method(entry),
            *_setting(selection, entry.setting),
            *values,
            costs(row)[0],
        )
        rows.append(Row(cells, incomplete=len(entry.ok) < entry.planned))
    columns = (
        Column("model"),
        Column("method"),
        *_setting_column(selection),
        *(Column(title, numeric=True) for _, title in metrics),
        COSTS[0],
    )
    return Table(f"{subject.shown}: {what}", columns, tuple(rows))


TITLES = {
    "bwt": "backward transfer",
    "fwt": "forward transfer",
    "learning_accuracy": "learning accuracy",
    "aaa": "anytime accuracy",
    "wc_accuracy": "worst-case accuracy",
    "stability_gap": "stability gap",
    "probe_accuracy": "probe accuracy",
    "probe_forgetting": "probe forgetting",
    "bits_per_byte": "bits per byte",
}
"""Titles of a stream's metrics that differ from the metric's name.

Optional metrics come last.
"""


def stream_columns(entries: Sequence[ResultRow]) -> list[tuple[str, str]]:
    """Return the metrics of streams, each with its title.

    Optional metrics are included if a record has them.
    """
    taken = {name for entry in entries for record in entry.ok for name in record.metrics}
    optional = [name for name in TITLES if name not in STREAM_METRICS and name in taken]
    return [(name, TITLES.get(name, name)) for name in (*STREAM_METRICS, *optional)]


def distance_columns(entries: Sequence[ResultRow], group: str = "") -> list[tuple[str, str]]:
    """Return the accuracy metrics of all distances, nearest first, each with its title.

    With a group, the metrics of that query group.
    """
    names = {name for entry in entries for record in entry.ok for name in record.metrics}
    stem = f"{group}_accuracy_at_" if group else "accuracy_at_"
    found = (re.fullmatch(rf"{re.escape(stem)}([0-9]{{1,15}})", name) for name in names)
    return [
        (f"{stem}{distance}", number_format.whole(distance))
        for distance in sorted({int(match[1]) for match in found if match})
    ]


GROUP = re.compile(r"accuracy_by_distance_([a-z][a-z0-9_]{0,40})")
"""Name of the curve of a query group."""


def groups(entries: Sequence[ResultRow]) -> list[str]:
    """Return the names of all query groups that any record scores separately."""
    names = {name for entry in entries for record in entry.ok for name in record.curves}
    return sorted(match[1] for name in names if (match := GROUP.fullmatch(name)))


def costs(row: Summary) -> tuple[str, ...]:
    """Return the costs of a row, for the columns `COSTS`."""
    return (
        f"{row.seeds_ok}/{row.seeds_planned}",
        number_format.whole(row.parameters),
        number_format.size(row.state_bytes),
        number_format.size(row.total_bytes),
        number_format.size(row.buffer_bytes),
        number_format.seconds(row.train_seconds),
        number_format.seconds(row.train_cpu_seconds),
    )


def _setting(selection: Selection, digest: str) -> tuple[str, ...]:
    return (digest or number_format.NOTHING,) if selection.ambiguous else ()


def _setting_column(selection: Selection) -> tuple[Column, ...]:
    return (Column("setting"),) if selection.ambiguous else ()
