"""Results of models with other options than those that compete on a benchmark.

A reader who looks for a model in a ranking finds it, although its row does not compete: the model
or the benchmark has other options there.
"""

from reports.analysis.roles import COMPETING
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from reports.analysis.summary import finite, scores


def other_options(selection: Selection, subject: Subject) -> tuple[ResultRow, ...]:
    """Return one row per model that has more seeds with other options than in the ranking.

    Of several rows of a model, the one with most seeds counts, then the one with fewest options;
    its score does not matter. Controls and bounds are left out, as are streams.

    Args:
        selection: All rows, with those of the benchmark's other variants.
        subject: A benchmark.
    """
    if subject.kind != "task":
        return ()
    compared = selection.compared(subject)
    seeds: dict[str, int] = {}
    for entry in compared:
        if entry.role in COMPETING and _has_score(entry):
            seeds[_base(entry)] = max(seeds.get(_base(entry), 0), len(entry.ok))
    found: dict[str, ResultRow] = {}
    for entry in sorted(selection.entries, key=_preference):
        here = entry.subject == subject
        if (
            entry.subject.benchmark == subject.benchmark
            and entry.role not in ("control", "bound")
            and (entry not in compared if here else entry.role in COMPETING)
            and len(entry.ok) > seeds.get(_base(entry), 0)
            and _has_score(entry)
        ):
            found.setdefault(_base(entry), entry)
    return tuple(found[name] for name in sorted(found))


def _preference(entry: ResultRow) -> tuple[int, int, str, str]:
    return (-len(entry.ok), entry.model.count("="), entry.subject.name, entry.model)


def _has_score(entry: ResultRow) -> bool:
    return finite(scores(entry, entry.subject.primary).mean) is not None


def _base(entry: ResultRow) -> str:
    return entry.model.partition("[")[0]
