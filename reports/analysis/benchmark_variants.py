"""Which records answer the same question: those of one benchmark, asked with the same options.

A stream in its class- and in its task-incremental scenario bears one name and asks two questions,
and so does a task at two lengths: scores that are not to be ranked together. Each question is named
by the options in which it differs from the others that are there.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from results.records.record import Record
from results.records.same_benchmark import Options

FIRST_OPTIONS = ("protocol", "scenario")
"""Options that are named before all others where they tell questions apart."""


def variant_names(records: Iterable[Record]) -> dict[str, str]:
    """Name the question that each record answers, by its id."""
    return name_variants(
        {
            record.id: (record.cell.benchmark, record.cell.config.get("benchmark", {}))
            for record in records
        }
    )


def name_variants(benchmarks: Mapping[str, tuple[str, Options]]) -> dict[str, str]:
    """Name the question that each cell asks.

    Options that some cells of a benchmark do not hold, since it has got them since, tell nothing
    apart.

    Args:
        asked: Benchmark and its options, by a cell's id.

    Returns:
        By the same id: the benchmark's name, with options in brackets where its cells differ in
        any.
    """
    by_benchmark: dict[str, dict[str, Options]] = defaultdict(dict)
    for cell, (benchmark, options) in benchmarks.items():
        by_benchmark[benchmark][cell] = options
    names: dict[str, str] = {}
    for name, cells in by_benchmark.items():
        distinguishing = _distinguishing_options(list(cells.values()))
        for cell, chosen in cells.items():
            label = ",".join(f"{key}={_text(chosen[key])}" for key in distinguishing)
            names[cell] = f"{name}[{label}]" if label else name
    return names


def _distinguishing_options(options: Sequence[Options]) -> list[str]:
    """Choose options, as few as it takes, that tell apart whatever all shared options tell apart."""
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
