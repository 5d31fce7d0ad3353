"""Which options of training a row has that no official protocol gives: rows of a short first look.

Official are the defaults of a benchmark, the options that a suite gives it, and protocols.
"""

from collections.abc import Collection, Iterable, Mapping

from pydantic import JsonValue

from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import NO_SUITES, Official

FREE = frozenset(
    {"streams", "far_streams", "furthest", "track", "probe", "protocol", "scenario", "validation"}
)
"""Options that change what is evaluated, or choose a protocol, and not how long is trained."""

Defaults = Mapping[str, Mapping[str, JsonValue]]
"""Default of each option, by benchmark."""


def defaults(selection: Selection) -> Defaults:
    """Return the default options that the manifests give.

    An option on which manifests disagree is left out.
    """
    found: dict[str, dict[str, JsonValue]] = {}
    for member in (
        member
        for manifest in selection.manifests
        for member in manifest.benchmarks
        if member.defaults
    ):
        known = found.setdefault(member.name, dict(member.defaults))
        found[member.name] = {
            key: value
            for key, value in known.items()
            if key in member.defaults and member.defaults[key] == value
        }
    return found


def unofficial_options(
    entry: ResultRow,
    known: Defaults,
    official: Official = NO_SUITES,
    free: Collection[str] = FREE,
) -> dict[str, JsonValue]:
    """Return the options of a row's training that differ from the defaults, with their values.

    There are none if a protocol sets them, or if a suite's member has the same options.

    Args:
        entry: A row with a result.
        known: Default options by benchmark; an option without a known default does not count.
        official: Options of suites, by benchmark.
        free: Options that do not count.
    """
    benchmark = entry.subject.benchmark
    standard = known.get(benchmark, {})
    config = entry.ok[0].cell.config
    options = config.get("benchmark", {})
    if (
        config.get("training", {}).get("protocol") == "converged"
        or options.get("protocol", "default") != "default"
    ):
        return {}
    trained = {key: value for key, value in options.items() if key in standard and key not in free}
    if any(
        all(value == ({**standard, **one})[key] for key, value in trained.items())
        for one in official.get(benchmark, ())
    ):
        return {}
    return {key: value for key, value in trained.items() if value != standard[key]}


def standing(entries: Iterable[ResultRow], known: Defaults, official: Official = NO_SUITES) -> int:
    """Return how official the options of rows of one benchmark are.

    Args:
        entries: Rows; those without a result do not count.
        known: Default options by benchmark.
        official: Options of suites, by benchmark.

    Returns:
        2 if any row has official options, 1 if only those of its training are official, else 0.
    """
    return max(
        (
            sum(not unofficial_options(entry, known, official, free) for free in (FREE, ()))
            for entry in entries
            if entry.ok
        ),
        default=0,
    )
