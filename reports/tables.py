"""Tables as text in cells, in no format yet. Every row of every table shows its seeds and what it cost: size, memory and time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports import quantities
from reports.selection import Entry, Selection, Subject
from reports.summary import Summary, ranked, scores, summarise
from results.metrics import STREAM_METRICS


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and whether it holds numbers (and so is set flush right)."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, and whether seeds are wanting."""

    cells: tuple[str, ...]
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows, in one line.
        columns: As many as each row has cells.
        rows: In order.
        heading: Which column names the row.
        grouped: Whether the first column names a group of rows that follow each other.
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
    Column("buffer", numeric=True),
    Column("training", numeric=True),
)


CAPTION = (
    "Leaderboard: mean over seeds ± half of the 95% Student-t interval; rank: one more than the number of rows that are significantly "
    "better (paired t-tests over common seeds, Holm-corrected)"
)


def leaderboard_table(selection: Selection) -> Table:
    """Rank the models of every benchmark by its primary metric."""
    named = (Column("benchmark"), Column("#", numeric=True), Column("model"), Column("method"))
    scored = (Column("score", numeric=True), Column("chance", numeric=True), Column("metric"))
    rows = [
        Row(
            cells=(
                row.benchmark,
                quantities.whole(row.rank),
                row.model,
                row.method,
                *_setting(selection, row.setting),
                quantities.spread(row.mean, row.low, row.high),
                quantities.score(row.chance),
                row.metric,
                *_costs(row),
            ),
            incomplete=row.seeds_ok < row.seeds_planned,
        )
        for row in summarise(selection)
    ]
    columns = (*named, *_setting_column(selection), *scored, *COSTS)
    return Table(CAPTION, columns, tuple(rows), heading=2, grouped=True)


def detail_table(selection: Selection, subject: Subject) -> Table | None:
    """Show a stream's metrics, or a task's accuracy at every distance; None where no seed has finished."""
    entries = selection.of(subject)
    metrics = stream_columns() if subject.kind == "stream" else distance_columns(entries)
    if not metrics or not any(entry.ok for entry in entries):
        return None
    rows = []
    for entry, row in ranked(selection, subject):
        values = [quantities.interval(scores(entry, metric)) if entry.ok else quantities.NOTHING for metric, _ in metrics]
        cells = (entry.model, entry.method, *_setting(selection, entry.setting), *values, *_costs(row))
        rows.append(Row(cells, incomplete=len(entry.ok) < entry.planned))
    columns = (
        Column("model"),
        Column("method"),
        *_setting_column(selection),
        *(Column(title, numeric=True) for _, title in metrics),
        *COSTS,
    )
    what = (
        "metrics of the stream"
        if subject.kind == "stream"
        else "accuracy by distance in tokens, or by length where whole sequences are read"
    )
    return Table(f"{subject.name}: {what}", columns, tuple(rows))


def stream_columns() -> list[tuple[str, str]]:
    """Return the metrics of streams, each with its title."""
    titles = {"bwt": "backward transfer", "fwt": "forward transfer", "learning_accuracy": "learning accuracy", "aaa": "anytime accuracy"}
    return [(name, titles.get(name, name)) for name in STREAM_METRICS]


def distance_columns(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Return the metrics of all distances that were asked at, nearest first, each with its title."""
    names = {name for entry in entries for record in entry.ok for name in record.metrics}
    found = (re.fullmatch(r"accuracy_at_([0-9]{1,15})", name) for name in names)
    return [(f"accuracy_at_{distance}", quantities.whole(distance)) for distance in sorted({int(match[1]) for match in found if match})]


def _costs(row: Summary) -> tuple[str, ...]:
    return (
        f"{row.seeds_ok}/{row.seeds_planned}",
        quantities.whole(row.parameters),
        quantities.size(row.state_bytes),
        quantities.size(row.buffer_bytes),
        quantities.seconds(row.train_seconds),
    )


def _setting(selection: Selection, digest: str) -> tuple[str, ...]:
    return (digest or quantities.NOTHING,) if selection.ambiguous else ()


def _setting_column(selection: Selection) -> tuple[Column, ...]:
    return (Column("setting"),) if selection.ambiguous else ()
