"""Which records answer the same question: those of one benchmark, asked with the same options.

A stream in its class- and in its task-incremental scenario bears one name and asks two questions, and so does a task at two lengths: scores
that are not to be ranked together. Each question is named by the options in which it differs from the others that are there.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from results.record import Record

TELLING = ("protocol", "scenario")
"""Options that are named before all others where they tell questions apart."""


def questions(records: Iterable[Record]) -> dict[str, str]:
    """Name the question that each record answers.

    Options that some records of a benchmark do not hold, since it has got them since, tell nothing apart.

    Args:
        records: Records of any benchmarks.

    Returns:
        By a record's id: the benchmark's name, with options in brackets where its records differ in any.
    """
    by_benchmark: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_benchmark[record.cell.benchmark].append(record)
    named: dict[str, str] = {}
    for name, members in by_benchmark.items():
        options = [record.cell.config.get("benchmark", {}) for record in members]
        telling = _telling(options)
        for record, chosen in zip(members, options, strict=True):
            told = ",".join(f"{key}={_text(chosen[key])}" for key in telling)
            named[record.id] = f"{name}[{told}]" if told else name
    return named


def _telling(options: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    """Choose options, as few as it takes, that tell apart whatever all shared options tell apart."""
    shared = set.intersection(*(set(one) for one in options))
    ordered = sorted(shared, key=lambda key: (TELLING.index(key) if key in TELLING else len(TELLING), key))
    chosen: list[str] = []
    parts = 1
    for key in ordered:
        found = len({tuple(_text(one[name]) for name in (*chosen, key)) for one in options})
        if found > parts:
            chosen, parts = [*chosen, key], found
    return chosen


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
