"""Size sweeps: rows of one model on a task that differ only in the size of some options."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from reports.analysis.selection import ResultRow
from reports.analysis.summary import Summary, summary
from results.records.roles import Role

SWEPT_ROLES: tuple[Role, ...] = ("reference", "size", "control", "bound")
"""Roles of rows that a sweep may contain."""

MIN_RATIO = 1.5
"""Minimum ratio of the largest to the smallest cost of a sweep."""

SIZE_COSTS: Mapping[str, Callable[[Summary], int | None]] = {
    "state": lambda row: row.state_bytes,
    "parameters": lambda row: row.parameters,
}
"""Costs that a size changes: bytes of state per sequence, and number of parameters."""


@dataclass(frozen=True, slots=True)
class SizeSweep:
    """A model at several sizes.

    Attributes:
        model: Its name without options.
        shared: Options of all rows, as in their names, separated by commas.
        rows: Rows with a score, each with its numbers.
    """

    model: str
    shared: str
    rows: tuple[tuple[ResultRow, Summary], ...]

    @property
    def named(self) -> ResultRow:
        """The row that gives the line its colour: without options, or the first."""
        plain = (entry for entry, _ in self.rows if "[" not in entry.model)
        return next(plain, self.rows[0][0])

    def points(self, cost: str) -> list[tuple[int, Summary]]:
        """Return the rows by a rising cost of `SIZE_COSTS`; none if the cost hardly varies."""
        found = [
            (value, row)
            for _, row in self.rows
            if (value := SIZE_COSTS[cost](row)) is not None and value > 0
        ]
        found.sort(key=lambda point: point[0])
        varies = len(found) > 1 and found[-1][0] >= MIN_RATIO * found[0][0]
        return found if varies else []


def size_sweeps(entries: Sequence[ResultRow]) -> list[SizeSweep]:
    """Return the sweeps of a task by model, those with most rows first.

    The rows of a sweep have the same options in brackets, with other integers, and all other
    options and versions in common. The model without options in brackets belongs to each sweep
    with whose other options it agrees.
    """
    rows = [
        (entry, row)
        for entry in entries
        if entry.subject.kind == "task" and entry.role in SWEPT_ROLES and entry.ok
        if (row := summary(entry)).mean is not None
    ]
    groups: dict[tuple[str, frozenset[str], str], list[tuple[ResultRow, Summary]]]
    groups = defaultdict(list)
    for entry, row in rows:
        swept = _integers(entry)
        if swept:
            groups[_base(entry), swept, _rest(entry, swept)].append((entry, row))
    for entry, row in rows:
        if "[" not in entry.model:
            for (model, swept, rest), members in groups.items():
                if model == _base(entry) and rest == _rest(entry, swept):
                    members.append((entry, row))
    found = [
        SizeSweep(model, _shared(members), tuple(members))
        for (model, _, _), members in groups.items()
    ]
    varying = [one for one in found if any(one.points(cost) for cost in SIZE_COSTS)]
    return sorted(varying, key=lambda one: (-len(one.rows), one.model, one.shared))


def _base(entry: ResultRow) -> str:
    """Return the model without options and without the learning rate that tells rows apart."""
    return entry.model.partition(" (")[0].partition("[")[0]


def _written(entry: ResultRow) -> list[str]:
    options = entry.model.partition(" (")[0].partition("[")[2].removesuffix("]")
    return [option for option in options.split(",") if option]


def _integers(entry: ResultRow) -> frozenset[str]:
    """Return the options in the row's name whose value is an integer."""
    return frozenset(
        name for option in _written(entry) if _is_size(_config(entry).get(name := _key(option)))
    )


def _rest(entry: ResultRow, swept: frozenset[str]) -> str:
    """Identify everything but the swept options: other options of the model, and versions."""
    others = {name: value for name, value in _config(entry).items() if name not in swept}
    return str((sorted(others.items(), key=lambda item: item[0]), sorted(_version(entry).items())))


def _config(entry: ResultRow) -> Mapping[str, JsonValue]:
    return entry.ok[0].cell.config.get("model", {})


def _version(entry: ResultRow) -> Mapping[str, str]:
    return entry.ok[0].cell.version


def _shared(members: Sequence[tuple[ResultRow, Summary]]) -> str:
    """Return the options that all names of a sweep have, in the order of the first name."""
    names = [_written(entry) for entry, _ in members]
    return ",".join(option for option in names[0] if all(option in one for one in names))


def _key(option: str) -> str:
    return option.partition("=")[0]


def _is_size(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
