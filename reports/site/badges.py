"""Badges of rows: options of no official protocol, too few seeds, earlier versions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import JsonValue

from reports.analysis.selection import ResultRow
from reports.site.reproduce import Defaults
from reports.tables.ranks import EARLIER

MIN_SEEDS = 3
"""Minimum number of seeds of a row."""

FREE = frozenset(
    {"streams", "far_streams", "furthest", "track", "probe", "protocol", "scenario", "validation"}
)
"""Options that change what is evaluated, or choose a protocol, and not how long is trained."""

Official = Mapping[str, Sequence[Mapping[str, JsonValue]]]
"""Options that suites give a benchmark, each as what differs from the defaults; by benchmark."""

NO_SUITES: Official = MappingProxyType({})
"""Without suites, the defaults alone are official."""

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
    benchmark = entry.subject.benchmark
    other = _other_options(entry, known.get(benchmark, {}), official.get(benchmark, ()))
    if other:
        found.append(f"no official protocol: {other}")
    count = len(entry.ok)
    if count < MIN_SEEDS:
        found.append(f"{'one seed' if count == 1 else f'{count} seeds'}: not tested")
    if not entry.superseded and any(record.id in outdated for record in entry.ok):
        found.append(EARLIER)
    return tuple(found)


def _other_options(
    entry: ResultRow,
    defaults: Mapping[str, JsonValue],
    suites: Sequence[Mapping[str, JsonValue]],
) -> str:
    """Name the options of training that differ from the defaults.

    There are none if a protocol sets them, or if a suite's member has the same options.
    """
    config = entry.ok[0].cell.config
    options = config.get("benchmark", {})
    official = (
        config.get("training", {}).get("protocol") == "converged"
        or options.get("protocol", "default") != "default"
    )
    if official:
        return ""
    trained = {key: value for key, value in options.items() if key in defaults and key not in FREE}
    if any(
        all(value == ({**defaults, **one})[key] for key, value in trained.items()) for one in suites
    ):
        return ""
    return ", ".join(
        f"{key.replace('_', ' ')} {_words(value)}"
        for key, value in trained.items()
        if value != defaults[key]
    )


def _words(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
