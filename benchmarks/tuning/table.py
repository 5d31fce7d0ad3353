"""Writes the table of learning rates.

By benchmark and row (``MODEL``, or ``MODEL:METHOD`` if a method was tuned): ``learning_rates``,
the ``trials`` with their scores, the ``marks`` and the ``options`` of the benchmark that differ
from its defaults. Older rows have ``scores`` by rate instead of ``trials``; those whose best rate
is at the edge of these are marked, and are to be tuned again (``make tune``).
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from benchmarks.tuning.grid import Point
from benchmarks.tuning.halving import Trial
from results.records.manifest import Benchmark
from results.store.store import write_whole

SOLVED = 0.99
"""Score from which a task is solved."""

CHANCE_MARGIN = 0.02
"""A best score that is at most this far above the chance level is marked ``at chance``."""


AT_THE_EDGE = "at the edge"
"""Mark of a row whose best rate is the smallest or the largest that was tried."""


def at_the_edge(tried: Collection[float], best: float) -> bool:
    """Return whether the best rate is the smallest or the largest of several that were tried."""
    return len(set(tried)) > 1 and best in (min(tried), max(tried))


def mark(benchmark: Benchmark, options: Mapping[str, JsonValue], score: float) -> str | None:
    """Return the mark of a best score: ``at chance``, ``not solved`` (a task), or None.

    Args:
        benchmark: The task or stream.
        options: All its options, on which the chance level may depend.
        score: The best score, in [0, 1].
    """
    known = all(options.get(key) in values for key, values in benchmark.chance_given.items())
    if known and benchmark.chance is not None and score <= benchmark.chance + CHANCE_MARGIN:
        return "at chance"
    return "not solved" if benchmark.kind == "task" and score < SOLVED else None


def enter(
    table: Path,
    benchmark: str,
    *,
    chosen: Mapping[str, Point],
    trials: Mapping[str, Sequence[Trial]],
    marks: Mapping[str, str | None],
    options: Mapping[str, JsonValue],
) -> None:
    """Write one benchmark's rows into the table; other rows stay unchanged.

    Args:
        table: Path of the table.
        benchmark: Name of the task or stream.
        chosen: The best point of each row.
        trials: The trials of each row.
        marks: The mark of each row.
        options: Options of the benchmark that differ from its defaults.
    """
    content = json.loads(table.read_text(encoding="utf-8"))
    rows: dict[str, Mapping[str, object]] = {
        "learning_rates": {key: point.learning_rate for key, point in chosen.items()},
        "trials": {key: [_trial(trial) for trial in ones] for key, ones in trials.items()},
        "marks": {key: text for key, text in marks.items() if text is not None},
        "options": dict.fromkeys(chosen, options),
    }
    for part in (*rows, "scores"):
        old = content.setdefault(part, {}).setdefault(benchmark, {})
        for key in chosen:
            old.pop(key, None)
        old.update(rows.get(part, {}))
        if not old:
            del content[part][benchmark]
    write_whole(table, json.dumps(content, indent=1) + "\n")


def _trial(trial: Trial) -> dict[str, float | None]:
    return {
        "learning_rate": trial.point.learning_rate,
        "share": trial.share,
        "score": trial.score,
    }
