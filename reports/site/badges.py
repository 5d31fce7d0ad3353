"""Badges of rows: options of no official protocol, too few seeds, earlier versions."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import JsonValue

from reports.analysis.selection import ResultRow
from reports.analysis.subjects import NO_SUITES, Official
from reports.analysis.training_options import Defaults, unofficial_options
from reports.tables.ranks import EARLIER

MIN_SEEDS = 3
"""Minimum number of seeds of a row."""

Outdated = Mapping[str, str]
"""What changed in the code since a cell was run, by cell id."""

NOTHING_OUTDATED: Outdated = MappingProxyType({})


def badges(
    entry: ResultRow,
    known: Defaults,
    official: Official = NO_SUITES,
    outdated: Outdated = NOTHING_OUTDATED,
) -> tuple[str, ...]:
    """Return a row's badges; that a row is superseded is in the place of its rank.

    Args:
        entry: The row.
        known: Default options by benchmark; without them a row has no badge for its options.
        official: Options of suites, which are official too.
        outdated: What changed in the code since cells were run, by cell id.
    """
    if not entry.ok:
        return ()
    found = []
    other = ", ".join(
        f"{key.replace('_', ' ')} {_words(value)}"
        for key, value in unofficial_options(entry, known, official).items()
    )
    if other:
        found.append(f"no official protocol: {other}")
    count = len(entry.ok)
    if count < MIN_SEEDS:
        found.append(f"{'one seed' if count == 1 else f'{count} seeds'}: not tested")
    if not entry.superseded and any(record.id in outdated for record in entry.ok):
        found.append(EARLIER)
    return tuple(found)


def _words(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
