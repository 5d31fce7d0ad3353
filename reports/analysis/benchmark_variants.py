"""Groups records by the options and the versions of their benchmark.

A stream in its class- and in its task-incremental scenario has one name, but the scores of the two
must not be ranked together. The same holds for a task at two lengths, and for scores measured on
another version of the benchmark, on other data or with another version of the training loop. Each
variant is named after the options and versions in which it differs from the other variants in the
store.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from results.records.cell import Cell
from results.records.record import Record
from results.records.same_benchmark import Options, benchmark_options

FIRST_OPTIONS = ("protocol", "scenario")
"""Options that are preferred for the names of variants."""


SHARED_VERSIONS = {
    "benchmark": "benchmark version",
    "data": "data digest",
    "training": "training version",
}
"""Versions that comparable rows share, by their names in a variant; no option has such a name."""

STOP_RULE_COLUMN = "stop rule version"
"""The name of the version of the rule that ends a training to convergence."""

DIGEST_DIGITS = 8
"""Hexadecimal digits of a data digest that a variant's name shows."""


def variant_names(records: Iterable[Record]) -> dict[str, str]:
    """Return the name of each record's benchmark variant, by record id."""
    return name_variants({record.id: (record.cell.benchmark, _facts(record)) for record in records})


def _facts(record: Record) -> Options:
    """Return a record's benchmark options, and the versions that comparable rows share."""
    cell = record.cell
    return {**benchmark_options(cell.method, cell.config), **shared_versions(cell)}


def shared_versions(cell: Cell) -> dict[str, str]:
    """Return the versions of a cell that comparable rows share, by their names in a variant."""
    found = {name: _short(cell.version.get(part, "none")) for part, name in SHARED_VERSIONS.items()}
    converged = cell.config.get("training", {}).get("protocol") == "converged"
    # Cells do not name the first version of the rule.
    return {**found, STOP_RULE_COLUMN: cell.version.get("stop_rule", "1") if converged else "none"}


def _short(version: str) -> str:
    """Return a version; of a digest only its first digits."""
    kind, _, digits = version.rpartition(":")
    return digits[:DIGEST_DIGITS] if kind else version


def name_variants(benchmarks: Mapping[str, tuple[str, Options]]) -> dict[str, str]:
    """Return the name of each cell's benchmark variant.

    An option that some cells of a benchmark do not have, because it is newer than they are, does
    not distinguish variants.

    Args:
        benchmarks: The benchmark and its options, by cell id.

    Returns:
        By cell id: the benchmark's name, with the distinguishing options in brackets if there are
        any.
    """
    by_benchmark: dict[str, dict[str, Options]] = defaultdict(dict)  # each choice of options once
    texts = {cell: _text(dict(options)) for cell, (_, options) in benchmarks.items()}
    for cell, (benchmark, options) in benchmarks.items():
        by_benchmark[benchmark][texts[cell]] = options
    names: dict[tuple[str, str], str] = {}
    for name, choices in by_benchmark.items():
        distinguishing = _distinguishing_options(list(choices.values()))
        for text, chosen in choices.items():
            label = ",".join(f"{key}={_text(chosen[key])}" for key in distinguishing)
            names[name, text] = f"{name}[{label}]" if label else name
    return {cell: names[benchmark, texts[cell]] for cell, (benchmark, _) in benchmarks.items()}


def _distinguishing_options(options: Sequence[Options]) -> list[str]:
    """Choose a minimal list of options that separates what all shared options separate."""
    shared = set.intersection(*(set(one) for one in options))
    ordered = sorted(
        shared,
        key=lambda key: (
            FIRST_OPTIONS.index(key) if key in FIRST_OPTIONS else len(FIRST_OPTIONS),
            key,
        ),
    )
    chosen: list[str] = []
    parts = 1
    for key in ordered:
        found = len({tuple(_text(one[name]) for name in (*chosen, key)) for one in options})
        if found > parts:
            chosen, parts = [*chosen, key], found
    return chosen


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
