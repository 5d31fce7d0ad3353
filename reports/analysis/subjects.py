"""Benchmarks of a report: each variant of a task or stream, with its title and chance level."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from pydantic import JsonValue

from reports.analysis.titles import variant_title
from results.records.manifest import Manifest
from results.records.record import Record

Official = Mapping[str, Sequence[Mapping[str, JsonValue]]]
"""Options that suites give a benchmark, each as what differs from the defaults; by benchmark."""

NO_SUITES: Official = MappingProxyType({})
"""Without suites, the defaults alone are official."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A benchmark, described by its manifest or, without one, by its records.

    Attributes:
        name: Task or stream, with the distinguishing options in brackets if its records differ.
        kind: ``task`` or ``stream``.
        summary: One line on what it evaluates, or an empty string.
        primary: The metric that ranks models; higher is better.
        chance: That metric's value at chance level, if a manifest gives it for these options.
        benchmark: Name of the task or stream, without options.
        title: Name of the task or stream for people, without options.
    """

    name: str
    kind: Literal["task", "stream"]
    summary: str = ""
    primary: str = "accuracy"
    chance: float | None = None
    benchmark: str = ""
    title: str = ""

    @property
    def shown(self) -> str:
        """The title for people, with the distinguishing options in words."""
        return variant_title(self.title, self.name)


ChanceConditions = Mapping[str, tuple[JsonValue, ...]]
"""Values of options for which a manifest's chance level holds, by option."""


def chance_conditions(manifests: Iterable[Manifest]) -> dict[str, ChanceConditions]:
    """Return the conditions under which the manifests' chance levels hold, by benchmark."""
    conditions: dict[str, ChanceConditions] = {}
    for manifest in manifests:
        for member in manifest.benchmarks:
            conditions.setdefault(member.name, member.chance_given)
    return conditions


def split_by_variant(
    subjects: Mapping[str, Subject],
    rows: Mapping[tuple[str, str, str, str], Iterable[str]],
    live: Mapping[str, Record],
    conditions: Mapping[str, ChanceConditions],
) -> dict[str, Subject]:
    """Replace each benchmark by the variants that its rows have, by name.

    The chance level is dropped where it does not hold.
    """
    found: dict[str, Subject] = {}
    records_of: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for (name, *_), cells in rows.items():
        records_of[name.partition("[")[0]][name].extend(
            live[cell] for cell in cells if cell in live
        )
    for bare, subject in subjects.items():
        for name, records in sorted(records_of[bare].items()):
            known = all(_holds(conditions.get(bare, {}), record) for record in records)
            found[name] = replace(
                subject,
                name=name,
                chance=subject.chance if known else None,
            )
    return found


def _holds(conditions: ChanceConditions, record: Record) -> bool:
    options = record.cell.config.get("benchmark", {})
    return all(options.get(key, values[0]) in values for key, values in conditions.items())


def described_subjects(
    manifests: Sequence[Manifest], records: Iterable[Record]
) -> dict[str, Subject]:
    """Describe every benchmark from the first manifest that has it, or from its records."""
    subjects: dict[str, Subject] = {}
    for manifest in manifests:
        for member in manifest.benchmarks:
            subject = Subject(
                name=member.name,
                kind=member.kind,
                summary=member.summary,
                primary=member.primary,
                chance=member.chance,
                benchmark=member.name,
                title=member.title,
            )
            subjects.setdefault(member.name, subject)
    streams = {cell.benchmark: False for manifest in manifests for cell in manifest.cells}
    for record in records:
        name = record.cell.benchmark
        streams[name] = streams.get(name, False) or "accuracy_matrix" in record.curves
    for name in sorted(streams):
        subjects.setdefault(
            name, Subject(name, "stream" if streams[name] else "task", benchmark=name)
        )
    return subjects
