"""Cuts a selection down to chosen benchmarks, models, methods and roles."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from results.errors import UsageError


def narrowed(
    selection: Selection,
    *,
    benchmarks: Sequence[str] = (),
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    reference_only: bool = False,
) -> Selection:
    """Return the rows that match every given condition.

    Args:
        selection: All rows.
        benchmarks: Names of benchmarks or of their variants, or patterns such as ``mqar*``; empty
            for all. So for models and methods. A name that only variants have, such as that of a
            method with results at budgets only, selects all of these.
        models: Names of models, as in cells.
        methods: Names of methods, as in cells.
        reference_only: Whether controls, bounds, ablations, sizes and budgets are left out.

    Raises:
        UsageError: If a pattern matches nothing; the message lists the names.
    """
    names = {
        "benchmark": (benchmarks, [{one.name, one.benchmark} for one in selection.subjects]),
        "model": (models, [{row.model} for row in selection.entries]),
        "method": (methods, [{row.method} for row in selection.entries]),
    }
    benchmarks, models, methods = (
        [_known_pattern(what, pattern, known) for pattern in patterns]
        for what, (patterns, known) in names.items()
    )
    entries = tuple(
        row
        for row in selection.entries
        if _matches({row.subject.name, row.subject.benchmark}, benchmarks)
        and _matches({row.model}, models)
        and _matches({row.method}, methods)
        and (not reference_only or row.role == "reference")
    )
    return replace(selection, entries=entries, subjects=_with_rows(selection, entries))


def _known_pattern(what: str, pattern: str, known: Sequence[set[str]]) -> str:
    """Return a pattern that matches a name, or that of the variants of a name."""
    for one in (pattern, f"{pattern}[*"):
        if any(_matches(found, [one]) for found in known):
            return one
    choices = sorted({one.partition("[")[0] for found in known for one in found})
    raise UsageError(
        f"no {what} '{pattern}' in the records: choose from {', '.join(choices) or 'none'}"
    )


def _with_rows(selection: Selection, entries: Sequence[ResultRow]) -> tuple[Subject, ...]:
    left = {row.subject for row in entries}
    return tuple(subject for subject in selection.subjects if subject in left)


def _matches(names: set[str], patterns: Sequence[str]) -> bool:
    """Return whether a name equals or matches a pattern; brackets in a name are no pattern."""
    escaped = [pattern.replace("[", "[[]") for pattern in patterns]
    return not patterns or any(fnmatchcase(name, one) for name in names for one in escaped)
