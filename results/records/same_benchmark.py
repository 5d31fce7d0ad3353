"""Whether cells ask the same: a benchmark with the same options.

One asked in two scenarios, or at two lengths, is two questions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from results.records.manifest import Planned

Options = Mapping[str, JsonValue]
"""A benchmark's resolved options: what a cell's config holds under ``benchmark``."""


def same_benchmark(one: Options, other: Options) -> bool:
    """Whether two cells of a benchmark ask the same.

    An option that one of them does not hold, since it came later, tells nothing apart.
    """
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def possible_options(
    cells: Iterable[Planned], known: Mapping[str, Options]
) -> dict[str, list[Options]]:
    """Tell with what options cells of a plan are asked, though a plan does not hold them.

    Args:
        cells: Cells of one plan.
        known: The options of those that have a record, by id.

    Returns:
        By id: a cell's own options; of one without a record, those of all cells of its row (the
        same benchmark, model and method); nothing where none of the row has a record.
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
