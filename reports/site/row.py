"""The page of a row: metrics, curves, costs, provenance and error of each of its seeds."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reports.analysis.curves import lifetimes, matrices, number, pairs
from reports.analysis.provenance import plugin_texts
from reports.analysis.selection import ResultRow
from reports.analysis.summary import summary
from reports.analysis.training_options import Defaults
from reports.figures.accuracy_by_distance import distance_label
from reports.site import page_templates
from reports.site.badges import NOTHING_OUTDATED, Outdated
from reports.site.charts import Chart, Line, chart
from reports.site.reproduce import plugin_note, rerun_commands, seed_text
from reports.tables import number_format
from reports.tables.columns import SILENT
from reports.tables.tables import TITLES
from results.records.record import Record

COST_CAPTION = (
    "Cost; state: maximum bytes per sequence; buffer: bytes stored of past samples; peak memory: "
    "of the process"
)
"""Caption of the table of costs."""

MAX_TRACEBACK = 6000
"""Maximum number of characters of a traceback on a page, from its end."""

SHADES = 10
"""Number of shades of a matrix; the style sheet has a class for each."""

MAX_MATRIX_WIDTH = 30
"""Maximum width of a matrix that is shown as a table."""

Facts = dict[str, str]
"""Texts by their titles."""

Matrix = list[list[tuple[str, int | None]]]
"""Numbers as text, each with its shade."""


@dataclass(frozen=True, slots=True)
class SeedTable:
    """Facts by seed.

    Attributes:
        caption: What it shows.
        columns: Titles of the facts.
        rows: Each record with its facts, in the order of the columns.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Record, tuple[str, ...]], ...]


def render(
    entry: ResultRow,
    *,
    ambiguous: bool,
    defaults: Defaults,
    outdated: Outdated = NOTHING_OUTDATED,
) -> str:
    """Render the page.

    Args:
        entry: The row, with at least one record.
        ambiguous: Whether rows must be identified by their setting.
        defaults: Default options by benchmark.
        outdated: What changed in the code since cells were run, by cell id.
    """
    records = sorted((*entry.ok, *entry.failed), key=lambda record: record.cell.seed)
    common, run = _origins(records)
    return (
        page_templates.environment()
        .get_template("row.html")
        .render(
            root="../",
            entry=entry,
            summary=summary(entry),
            cell=records[0].cell,
            records=records,
            ambiguous=ambiguous,
            charts=list(_charts(entry)),
            matrices=[
                (record.cell.seed, found)
                for record in entry.ok
                if (found := _matrix(entry, record))
            ],
            tables=_seed_tables(entry),
            traces={record.cell.seed: _trace(record) for record in entry.failed},
            options=_options(records[0]),
            commands=rerun_commands(records, defaults),
            note=plugin_note(record.cell for record in records),
            common=common,
            run=run,
            packages=_packages(records),
            changes=sorted({outdated[one.id] for one in records if one.id in outdated}),
        )
    )


def _options(record: Record) -> dict[str, list[tuple[str, str]]]:
    """Return the options of a record as JSON, by part."""
    return {
        part: [(name, json.dumps(value, ensure_ascii=False)) for name, value in options.items()]
        for part, options in record.cell.config.items()
        if options
    }


def _seed_tables(entry: ResultRow) -> list[SeedTable]:
    """Return the tables of metrics, costs and slots by seed, without empty ones."""
    tables = (
        _seed_table("Metrics", [(record, _metrics(entry, record)) for record in entry.ok]),
        _seed_table(COST_CAPTION, [(record, _cost(record)) for record in entry.ok]),
        _seed_table("Memory slots", [(record, _slots(record)) for record in entry.ok]),
    )
    return [one for one in tables if one.columns]


def _seed_table(caption: str, facts: Sequence[tuple[Record, Facts]]) -> SeedTable:
    """Arrange facts by seed, without those that are empty for all seeds."""
    names = dict.fromkeys(name for _, found in facts for name in found)
    informative = tuple(
        name
        for name in names
        if any(found.get(name, number_format.NOTHING) not in SILENT for _, found in facts)
    )
    rows = tuple(
        (record, tuple(found.get(name, number_format.NOTHING) for name in informative))
        for record, found in facts
    )
    return SeedTable(caption, informative, rows)


def _metrics(entry: ResultRow, record: Record) -> Facts:
    """Return the metrics, the primary one first."""
    primary = entry.subject.primary
    values = {primary: record.metrics.get(primary), **record.metrics}
    return {
        TITLES.get(name) or number_format.words(name): number_format.score(value)
        for name, value in values.items()
    }


def _slots(record: Record) -> Facts:
    return {
        number_format.words(name): number_format.score(value)
        for name, value in (record.slots or {}).items()
        if number(value)
    }


def _cost(record: Record) -> Facts:
    cost = record.cost
    return {
        "parameters": number_format.whole(cost.parameters),
        "bytes of parameters": number_format.size(cost.parameter_bytes),
        "state": number_format.size(cost.state_bytes),
        "buffer": number_format.size(cost.buffer_bytes),
        "training": number_format.seconds(cost.train_seconds),
        "CPU time": number_format.seconds(cost.train_cpu_seconds),
        "evaluation": number_format.seconds(cost.eval_seconds),
        "training examples": number_format.whole(cost.train_examples),
        "peak memory": number_format.size(cost.peak_rss_bytes),
        "peak on device": number_format.size(cost.peak_device_bytes),
    }


def _charts(entry: ResultRow) -> Iterator[Chart]:
    """Lay out the curves of all seeds; each query group has its own chart."""
    names = dict.fromkeys(name for record in entry.ok for name in record.curves)
    for name in names:
        lines = [_line(record, pairs(record.curves.get(name)).items()) for record in entry.ok]
        if name.startswith("accuracy_by_distance"):
            group = name.removeprefix("accuracy_by_distance").removeprefix("_")
            drawn = chart(
                lines,
                title="accuracy by distance" + (f", {number_format.words(group)}" if group else ""),
                log=True,
                chance=None if group else entry.subject.chance,
                label=distance_label,
            )
        elif name == "training_loss":
            drawn = chart(lines, title="training loss by step", top=None)
        else:
            continue
        if drawn:
            yield drawn
    alive = [
        _line(record, zip(*(part.tolist() for part in curve), strict=True))
        for record in entry.ok
        if (curve := lifetimes(record)) is not None
    ]
    survival = chart(alive, title="share of slots alive by age", steps=True)
    if survival:
        yield survival


def _line(record: Record, points: Iterable[tuple[float, float]]) -> Line:
    """Return a seed's line: its points that are numbers, by rising ``x``."""
    return f"seed {record.cell.seed}", sorted((x, y) for x, y in points if x == x and y == y)


def _matrix(entry: ResultRow, record: Record) -> Matrix:
    """Return the accuracy matrix in percent, each number with its shade; empty if not shown."""
    stack = matrices(replace(entry, ok=(record,), failed=()))
    if stack is None or max(stack.shape[1:]) > MAX_MATRIX_WIDTH:
        return []
    return [[_shaded(value) for value in row] for row in stack[0].tolist()]


def _shaded(value: float) -> tuple[str, int | None]:
    if value != value:
        return number_format.NOTHING, None
    return f"{100 * value:.0f}", min(max(int(value * SHADES), 0), SHADES - 1)


def _trace(record: Record) -> str:
    """Return the traceback of a failed seed, or its end."""
    trace = record.error.traceback.strip() if record.error else ""
    return trace if len(trace) <= MAX_TRACEBACK else f"…{trace[-MAX_TRACEBACK:]}"


def _origins(records: Sequence[Record]) -> tuple[list[tuple[str, str]], SeedTable]:
    """Split the provenance into what all seeds share, and the rest by seed."""
    found = [(record, {"cell": record.id, **_origin(record)}) for record in records]
    _, first = found[0]
    shared = {
        name
        for name, value in first.items()
        if name != "cell" and all(facts.get(name) == value for _, facts in found)
    }
    own = [
        (record, {name: value for name, value in facts.items() if name not in shared})
        for record, facts in found
    ]
    return [(name, first[name]) for name in first if name in shared], _seed_table("Runs", own)


def _origin(record: Record) -> Facts:
    origin = record.provenance
    changes = {None: "unknown", True: "yes", False: "no"}[origin.dirty]
    plugins = plugin_texts(record)
    return {
        "commit": origin.commit or "unknown",
        "uncommitted changes": changes,
        **({"entries from outside": "; ".join(plugins)} if plugins else {}),
        "started": origin.started_at,
        "finished": origin.finished_at,
        "device": origin.device,
        "CPU": origin.cpu,
        "threads": str(origin.threads),
        "platform": origin.platform,
        "Python": origin.python,
    }


def _packages(records: Sequence[Record]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each set of packages with its seeds; of a single set without seeds."""
    seeds: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for record in records:
        seeds[tuple(record.provenance.packages.items())].append(record.cell.seed)
    return [
        (seed_text(which) if len(seeds) > 1 else "", list(packages))
        for packages, which in seeds.items()
        if packages
    ]
