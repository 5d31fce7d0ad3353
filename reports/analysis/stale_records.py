"""Stale records: the ones that reports omit because their cells are planned again."""

from collections import defaultdict
from collections.abc import Sequence

from results.records.manifest import Manifest
from results.records.record import Record
from results.records.same_benchmark import (
    Options,
    benchmark_options,
    possible_options,
    same_benchmark,
)


def stale_records(records: Sequence[Record], manifests: Sequence[Manifest]) -> tuple[Record, ...]:
    """Return the unplanned records whose cell is planned again with the same benchmark options.

    If the options of the new plan are not known, they are taken to be the same.
    """
    known: dict[str, Options] = {
        record.id: benchmark_options(record.cell.method, record.cell.config) for record in records
    }
    replanned: dict[tuple[str, str, str, int], list[list[Options]]] = defaultdict(list)
    planned: set[str] = set()
    for manifest in manifests:
        possible = possible_options(manifest.cells, known)
        for cell in manifest.cells:
            replanned[cell.benchmark, cell.model, cell.method, cell.seed].append(possible[cell.id])
            planned.add(cell.id)

    def replaced(record: Record) -> bool:
        own = known[record.id]
        plans = replanned.get(record.cell.key, [])
        return any(
            not options or any(same_benchmark(own, one) for one in options) for options in plans
        )

    return tuple(record for record in records if record.id not in planned and replaced(record))
