"""Arranges the records of a store into rows: one per benchmark, model and method, over seeds.

A benchmark with other options is a separate benchmark (`reports.analysis.benchmark_variants`).
Records with equal names but another config or version (an earlier run) have a row of their own,
identified by its *setting*. A record whose cell is planned again under another id is stale and in
no row, unless only the learning rate differs (`reports.analysis.learning_rates`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import JsonValue

from reports.analysis.benchmark_variants import variant_names
from reports.analysis.learning_rates import other_rates
from reports.analysis.stale_records import stale_records
from results.records.cell import Cell
from results.records.manifest import Manifest, Planned
from results.records.record import Record
from results.store.store import Store


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
    """

    name: str
    kind: Literal["task", "stream"]
    summary: str = ""
    primary: str = "accuracy"
    chance: float | None = None
    benchmark: str = ""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A benchmark, a model and a method in one setting, over seeds.

    Attributes:
        subject: The benchmark.
        model: The model's name.
        method: The training method.
        setting: Digest of config and version, eight hexadecimal digits; empty before any cell has
            run.
        ok: Records with a result, by seed.
        failed: Records with an error, by seed.
        planned: Number of planned seeds.
    """

    subject: Subject
    model: str
    method: str
    setting: str
    ok: tuple[Record, ...]
    failed: tuple[Record, ...]
    planned: int

    @property
    def seeds(self) -> str:
        """Number of seeds with a result, and number of planned seeds: ``2/3``."""
        return f"{len(self.ok)}/{self.planned}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The contents of a report.

    Attributes:
        subjects: Benchmarks, in the order of the manifests, then by name.
        entries: Rows, in the order of the subjects.
        stale: Records that are left out because their cells are planned again.
        manifests: What was planned.
        damaged: Number of unreadable records.
        missing: Number of planned cells without a record.
    """

    subjects: tuple[Subject, ...]
    entries: tuple[ResultRow, ...]
    stale: tuple[Record, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    damaged: int = 0
    missing: int = 0

    def of(self, subject: Subject) -> tuple[ResultRow, ...]:
        """Rows of one benchmark."""
        return tuple(entry for entry in self.entries if entry.subject == subject)

    @property
    def records(self) -> list[Record]:
        """All records in the order of rows; within a row those that failed come last."""
        return [record for entry in self.entries for record in (*entry.ok, *entry.failed)]

    @property
    def ambiguous(self) -> bool:
        """Whether two rows have the same names, so that their settings must be shown."""
        names = Counter((entry.subject.name, entry.model, entry.method) for entry in self.entries)
        return any(count > 1 for count in names.values())


def select(store: Store) -> Selection:
    """Read a store and arrange its records into rows."""
    manifests = store.manifests()
    planned = {cell.id: cell for manifest in manifests for cell in manifest.cells}
    records = list(store)
    replanned = stale_records(records, manifests)
    models = other_rates(replanned, (record for record in records if record.id in planned))
    stale = tuple(record for record in replanned if record.id not in models)
    left_out = {record.id for record in stale}
    live = {record.id: record for record in records if record.id not in left_out}
    variants = variant_names(live.values())
    rows = _rows(live, manifests, variants, models)
    subjects = _split_by_variant(
        _subjects(manifests, live.values()), rows, live, _chance_conditions(manifests)
    )
    order = {name: place for place, name in enumerate(subjects)}
    return Selection(
        subjects=tuple(subjects.values()),
        entries=tuple(
            _entry(
                subjects[key[0]],
                key,
                [live[cell] for cell in sorted(cells) if cell in live],
                len(cells),
            )
            for key, cells in sorted(rows.items(), key=lambda row: (order[row[0][0]], *row[0][1:]))
        ),
        stale=stale,
        manifests=tuple(manifests),
        damaged=len(store.damaged()),
        missing=sum(cell not in live for cell in planned),
    )


def setting(cell: Cell) -> str:
    """Return the digest of what the seeds of a row share: config and version."""
    return cell.setting


Key = tuple[str, str, str, str]


def _rows(
    live: Mapping[str, Record],
    manifests: Sequence[Manifest],
    variants: Mapping[str, str],
    models: Mapping[str, str],
) -> dict[Key, set[str]]:
    """Map variant, model, method and setting to the ids of the row's cells, run or planned.

    Args:
        live: Shown records, by id.
        manifests: All manifests.
        variants: Name of each record's benchmark variant, by id.
        models: Names of models that differ from those of the cells, by record id.
    """
    rows: dict[Key, set[str]] = defaultdict(set)
    for record in live.values():
        cell = record.cell
        model = models.get(record.id, cell.model)
        rows[variants[record.id], model, cell.method, setting(cell)].add(record.id)
    for manifest in manifests:
        groups: dict[tuple[str, str, str], list[Planned]] = defaultdict(list)
        for planned in manifest.cells:
            groups[planned.benchmark, planned.model, planned.method].append(planned)
        for names, cells in groups.items():
            run = [live[one.id] for one in cells if one.id in live]
            waiting = [one for one in cells if one.id not in live]
            usual = _usual_variant(names[0], manifest, live, variants) if waiting else names[0]
            for one in waiting:
                # A manifest does not hold configs. A cell without a record belongs to a row of its
                # plan that has no record of this seed.
                taken = {variants[record.id] for record in run if record.cell.seed == one.seed}
                known = Counter(
                    (variants[record.id], setting(record.cell))
                    for record in run
                    if variants[record.id] not in taken
                )
                unknown = (names[0] if usual in taken else usual, "")
                variant, common = (
                    min(known, key=lambda row: (-known[row], row)) if known else unknown
                )
                rows[variant, names[1], names[2], common].add(one.id)
    return rows


def _usual_variant(
    benchmark: str, manifest: Manifest, live: Mapping[str, Record], variants: Mapping[str, str]
) -> str:
    """Return the most frequent variant of a benchmark in a plan, or its bare name."""
    found = Counter(
        variants[cell.id]
        for cell in manifest.cells
        if cell.benchmark == benchmark and cell.id in live
    )
    return min(found, key=lambda name: (-found[name], name)) if found else benchmark


ChanceConditions = Mapping[str, tuple[JsonValue, ...]]
"""Values of options for which a manifest's chance level holds, by option."""


def _chance_conditions(manifests: Iterable[Manifest]) -> dict[str, ChanceConditions]:
    """Return the conditions under which the manifests' chance levels hold, by benchmark."""
    conditions: dict[str, ChanceConditions] = {}
    for manifest in manifests:
        for member in manifest.benchmarks:
            conditions.setdefault(member.name, member.chance_given)
    return conditions


def _split_by_variant(
    subjects: Mapping[str, Subject],
    rows: Mapping[Key, Iterable[str]],
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
            found[name] = replace(subject, name=name, chance=subject.chance if known else None)
    return found


def _holds(conditions: ChanceConditions, record: Record) -> bool:
    options = record.cell.config.get("benchmark", {})
    return all(options.get(key, values[0]) in values for key, values in conditions.items())


def _subjects(manifests: Sequence[Manifest], records: Iterable[Record]) -> dict[str, Subject]:
    """Describe every benchmark from the first manifest that has it, or from its records."""
    subjects: dict[str, Subject] = {}
    for manifest in manifests:
        for member in manifest.benchmarks:
            subject = Subject(
                member.name, member.kind, member.summary, member.primary, member.chance, member.name
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


def _entry(subject: Subject, key: Key, records: Iterable[Record], planned: int) -> ResultRow:
    by_seed = sorted(records, key=lambda record: record.cell.seed)
    return ResultRow(
        subject=subject,
        model=key[1],
        method=key[2],
        setting=key[3],
        ok=tuple(record for record in by_seed if record.status == "ok"),
        failed=tuple(record for record in by_seed if record.status == "failed"),
        planned=planned,
    )
