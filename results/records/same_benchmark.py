"""Whether cells evaluate the same benchmark with the same options.

One stream in two scenarios, or one task at two lengths, counts as two benchmarks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from results.records.cell import SUPERVISED
from results.records.manifest import Planned

Options = Mapping[str, JsonValue]
"""Resolved options of a benchmark; for a task, also the protocol of the training.

See `benchmark_options`.
"""

FIXED = "fixed"
"""Protocol of a task whose cells do not name one."""


def benchmark_options(method: str, config: Mapping[str, Mapping[str, JsonValue]]) -> Options:
    """Return the options by which cells of one benchmark differ.

    They are the entry ``benchmark`` of a cell's config. A task's protocol is a training option, but
    scores of two protocols must not be ranked together, so it is added as ``protocol``.

    Args:
        method: The cell's method.
        config: The cell's config.
    """
    own = config.get("benchmark", {})
    if method != SUPERVISED or "protocol" in own:
        return own
    return {**own, "protocol": config.get("training", {}).get("protocol", FIXED)}


def same_benchmark(one: Options, other: Options) -> bool:
    """Whether two cells of a benchmark have the same options.

    An option that only one of them has, because it was added later, is ignored.
    """
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def possible_options(
    cells: Iterable[Planned], known: Mapping[str, Options]
) -> dict[str, list[Options]]:
    """Return the possible options of each cell of a plan; the plan itself contains no options.

    Args:
        cells: Cells of one plan.
        known: Options of the cells that have a record, by id.

    Returns:
        For each id the cell's own options. A cell without a record gets the options of all cells
        of its row (the same benchmark, model and method), or none if no cell of the row has a
        record.
    """
    cells = tuple(cells)
    rows: dict[tuple[str, str, str], list[Options]] = defaultdict(list)
    for cell in cells:
        row = rows[cell.benchmark, cell.model, cell.method]
        if cell.id in known and known[cell.id] not in row:
            row.append(known[cell.id])
    return {
        cell.id: [known[cell.id]]
        if cell.id in known
        else rows[cell.benchmark, cell.model, cell.method]
        for cell in cells
    }
