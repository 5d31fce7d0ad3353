"""The page of a cell: one seed's metrics, curves, slots, costs, provenance and error."""

import json
from collections.abc import Iterator
from dataclasses import replace

from reports.analysis.curves import lifetimes, matrices, number, pairs
from reports.analysis.selection import ResultRow
from reports.figures.accuracy_by_distance import distance_label
from reports.site import page_templates
from reports.site.charts import Chart, chart
from reports.site.reproduce import Defaults, plugin_note, rerun_commands
from reports.tables import number_format
from results.records.record import Record

MAX_TRACEBACK = 6000
"""Maximum number of characters of a traceback on a page, from its end."""

SHADES = 10
"""Number of shades of a matrix; the style sheet has a class for each."""

MAX_MATRIX_WIDTH = 30
"""Maximum width of a matrix that is shown as a table."""


def render(entry: ResultRow, record: Record, *, ambiguous: bool, defaults: Defaults) -> str:
    """Render the page.

    Args:
        entry: The row that the cell belongs to.
        record: The cell's record.
        ambiguous: Whether rows must be identified by their setting.
        defaults: Default options by benchmark.
    """
    cell = record.cell
    trace = record.error.traceback.strip() if record.error else ""
    return (
        page_templates.environment()
        .get_template("cell.html")
        .render(
            root="../",
            entry=entry,
            record=record,
            ambiguous=ambiguous,
            charts=list(_charts(entry, record)),
            matrix=_matrix(entry, record),
            metrics=[
                (number_format.words(name), number_format.score(value))
                for name, value in record.metrics.items()
            ],
            slots=[
                (number_format.words(name), number_format.score(value))
                for name, value in (record.slots or {}).items()
                if number(value)
            ],
            cost=_cost(record),
            options=[
                (part, name, json.dumps(value, ensure_ascii=False))
                for part, options in cell.config.items()
                for name, value in options.items()
            ],
            trace=trace if len(trace) <= MAX_TRACEBACK else f"…{trace[-MAX_TRACEBACK:]}",
            seeds=sorted((*entry.ok, *entry.failed), key=lambda one: one.cell.seed),
            command=rerun_commands([record], defaults)[0],
            note=plugin_note([cell]),
        )
    )


def _charts(entry: ResultRow, record: Record) -> Iterator[Chart]:
    """Lay out the record's curves; each query group has its own."""
    for name, curve in record.curves.items():
        points = sorted(pairs(curve).items())
        known = [(x, y) for x, y in points if y == y]
        if name.startswith("accuracy_by_distance"):
            plain = name == "accuracy_by_distance"
            title = "accuracy by distance" + (
                ""
                if plain
                else f", {number_format.words(name.removeprefix('accuracy_by_distance_'))}"
            )
            drawn = chart(
                known,
                title=title,
                log=True,
                chance=entry.subject.chance if plain else None,
                label=distance_label,
            )
        elif name == "training_loss":
            drawn = chart(known, title="training loss by step", top=None)
        else:
            continue
        if drawn:
            yield drawn
    alive = lifetimes(record)
    if alive is not None:
        points = [
            (x, y)
            for x, y in zip(*(part.tolist() for part in alive), strict=True)
            if x == x and y == y
        ]
        survival = chart(points, title="share of slots alive by age", steps=True)
        if survival:
            yield survival


def _matrix(entry: ResultRow, record: Record) -> list[list[tuple[str, int | None]]]:
    """Return the accuracy matrix in percent, each number with its shade; empty if not shown."""
    stack = matrices(replace(entry, ok=(record,), failed=()))
    if stack is None or max(stack.shape[1:]) > MAX_MATRIX_WIDTH:
        return []
    return [[_shaded(value) for value in row] for row in stack[0].tolist()]


def _shaded(value: float) -> tuple[str, int | None]:
    if value != value:
        return number_format.NOTHING, None
    return f"{100 * value:.0f}", min(max(int(value * SHADES), 0), SHADES - 1)


def _cost(record: Record) -> list[tuple[str, str]]:
    cost = record.cost
    return [
        ("parameters", number_format.whole(cost.parameters)),
        ("bytes of parameters", number_format.size(cost.parameter_bytes)),
        ("state, maximum per sequence", number_format.size(cost.state_bytes)),
        ("buffer, stored past samples", number_format.size(cost.buffer_bytes)),
        ("training", number_format.seconds(cost.train_seconds)),
        ("training, CPU time", number_format.seconds(cost.train_cpu_seconds)),
        ("evaluation", number_format.seconds(cost.eval_seconds)),
        ("training examples", number_format.whole(cost.train_examples)),
        ("peak memory of the process", number_format.size(cost.peak_rss_bytes)),
        ("peak memory of the device", number_format.size(cost.peak_device_bytes)),
    ]
