"""Prints the table of results in README and on the page of results, from the published records.

``python -m docs.results_table``; tests compare README and the page with it.
"""

from collections.abc import Callable, Sequence

from benchmarks.cli.shared_options import selected
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.earlier_versions import changed_versions
from reports.analysis.selection import ResultRow
from reports.analysis.selection_filter import narrowed
from reports.analysis.summary import Summary, ranked
from reports.tables.number_format import NOTHING, spread

Row = tuple[ResultRow, Summary]

MQAR = "memnet[chunk=32,heads=1,hebbian=false,slots=144]"
TASKS = {
    "induction-hard": "memnet",
    "association-hard": "memnet",
    "delayed-recall-hard": "memnet",
    "mqar": MQAR,
    "copy": "memnet",
    "adding": "memnet",
    "selective-copy-hard": "memnet",
}
"""Benchmarks of the table, each with MemNet's row."""

STREAM, BUDGET = "split-mnist", "[budget=64000]"


def table() -> str:
    """Return the table in Markdown."""
    selection = narrowed(selected(["published"]), benchmarks=(*TASKS, STREAM))
    lines = [
        "| benchmark: metric | MemNet, an earlier version | best baseline | best control |",
        "|---|---|---|---|",
    ]
    for subject in selection.subjects:
        rows = ranked(selection, subject)
        own = TASKS.get(subject.name)
        if own is None:
            rows = [row for row in rows if row[1].method.endswith(BUDGET)]
        found = (
            best(rows, lambda row, own=own: row.model == own if own else is_memnet(row)),
            best(rows, lambda row: row.role in ("reference", "budget") and not is_memnet(row)),
            best(rows, lambda row: row.role == "control"),
        )
        if found[0] is None:
            continue
        name, _, options = subject.name.partition("[")
        what = "accuracy, 64 kB of memory" if options else subject.primary.replace("_", " ")
        cells = (cell(row, own or "") for row in found)
        lines.append(f"| `{name}`: {what} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def is_memnet(row: Summary) -> bool:
    """Return whether a row is one of MemNet, or of its persistent memory."""
    return row.model.startswith("memnet") or row.method.startswith("memnet")


def best(rows: Sequence[Row], chosen: Callable[[Summary], bool]) -> Row | None:
    """Return the chosen row of the highest mean; None if there is none."""
    found = [row for row in rows if chosen(row[1]) and row[1].mean is not None]
    return max(found, key=lambda row: row[1].mean or 0.0, default=None)


def cell(found: Row | None, own: str) -> str:
    """Return a name, a mean with its interval, and the number of seeds."""
    if found is None:
        return NOTHING
    row = found[1]
    score = f"{spread(row.mean, row.low, row.high, (0.0, 1.0))} ({row.seeds_ok})"
    name = row.model if row.method == "supervised" else row.method.partition("[")[0]
    version = found[0].ok[0].cell.version["model" if row.method == "supervised" else "method"]
    if is_memnet(row):
        return f"{score}, version {version}" + (", 1 head, 144 slots" if "[" in own else "")
    return f"`{name}` {score}"


def current() -> list[str]:
    """Return the versions of MemNet's published records that today's code would make again."""
    catalog, rows = Catalog.read(), selected(["published"]).entries
    cells = [record.cell for row in rows for record in (*row.ok, *row.failed)]
    return sorted(
        f"{cell.model}:{cell.method}"
        for cell in cells
        if "memnet" in cell.model + cell.method and not changed_versions(cell, catalog)
    )


if __name__ == "__main__":
    print(table(), end="")
