"""What of a store a reader is shown.

Its records in rows, one per benchmark, model and method, each over its seeds.

A benchmark asked with other options is a benchmark of its own
(`reports.analysis.benchmark_variants`), and rows are never mixed: records of one name but of
another config or version (an earlier run) stand in rows of their own, told apart by their
*setting*. A record whose question is planned under another id is stale, and in no row.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import JsonValue

from reports.analysis.benchmark_variants import variant_names
from results.records.cell import Cell
from results.records.manifest import Manifest, Planned
from results.records.record import Record
from results.records.same_benchmark import Options, possible_options, same_benchmark
from results.store.store import Store


@dataclass(frozen=True, slots=True)
class Subject:
    """A benchmark as a reader sees it.

    What its manifest says, or what can be told of it without one.

    Attributes:
        name: Task or stream, with the options that tell it apart in brackets, where its records
            differ in any.
        kind: Which of the two.
        summary: One line on what it asks, or nothing.
        primary: The metric that ranks models; higher is better.
        chance: That metric's value for guessing, where a manifest says it of the options that were
            asked.
        benchmark: Name of the task or stream alone.
    """

    name: str
    kind: Literal["task", "stream"]
    summary: str = ""
    primary: str = "accuracy"
    chance: float | None = None
    benchmark: str = ""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row: a benchmark, a model and a method in one setting, over seeds.

    Attributes:
        subject: The benchmark.
        model: The model's name.
        method: How it learnt.
        setting: Digest of config and version, eight hexadecimal digits; empty while no cell has
            run.
        ok: Records that hold a result, by seed.
        failed: Records that hold an error, by seed.
        planned: How many seeds were wanted.
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
        """How many seeds hold a result, of how many wanted: ``2/3``."""
        return f"{len(self.ok)}/{self.planned}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything a report is made of.

    Attributes:
        subjects: Benchmarks, in the order of the manifests, then by name.
        entries: Rows, in the order of the subjects.
        stale: Records left out, since their cells are planned anew.
        manifests: What was planned.
        damaged: How many records could not be read.
        missing: How many planned cells have left no record yet.
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
        """All records in rows, in the order of the rows and then of seeds, those that failed after those that did not."""
        return [record for entry in self.entries for record in (*entry.ok, *entry.failed)]

    @property
    def ambiguous(self) -> bool:
        """Whether two rows bear the same names, so that their settings must be shown."""
        names = Counter((entry.subject.name, entry.model, entry.method) for entry in self.entries)
        return any(count > 1 for count in names.values())


def select(store: Store) -> Selection:
    """Read a store and sort its records into rows."""
    manifests = store.manifests()
    planned = {cell.id: cell for manifest in manifests for cell in manifest.cells}
    records = list(store)
    stale = _stale(records, manifests)
    left_out = {record.id for record in stale}
    live = {record.id: record for record in records if record.id not in left_out}
    variants = variant_names(live.values())
    rows = _rows(live, manifests, variants)
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
    """Digest what seeds of one row share beyond their names: config and version."""
    return cell.setting


def _stale(records: Sequence[Record], manifests: Sequence[Manifest]) -> tuple[Record, ...]:
    """Choose the records that no plan holds, though one plans their seed anew, and not for what is known to be another question."""
    known: dict[str, Options] = {
        record.id: record.cell.config.get("benchmark", {}) for record in records
    }
    replanned: dict[tuple[str, str, str, int], list[list[Options]]] = defaultdict(list)
    planned: set[str] = set()
    for manifest in manifests:
        possible = possible_options(manifest.cells, known)
        for cell in manifest.cells:
            replanned[cell.benchmark, cell.model, cell.method, cell.seed].append(possible[cell.id])
            planned.add(cell.id)

    def replaced(record: Record) -> bool:
        variants = known[record.id]
        plans = replanned.get(record.cell.key, [])
        return any(
            not options or any(same_benchmark(variants, one) for one in options)
            for options in plans
        )

    return tuple(record for record in records if record.id not in planned and replaced(record))


Key = tuple[str, str, str, str]


def _rows(
    live: Mapping[str, Record], manifests: Sequence[Manifest], variants: Mapping[str, str]
) -> dict[Key, set[str]]:
    """Map question, model, method and setting to the ids of its cells, run or only planned."""
    rows: dict[Key, set[str]] = defaultdict(set)
    for record in live.values():
        cell = record.cell
        rows[variants[record.id], cell.model, cell.method, setting(cell)].add(record.id)
    for manifest in manifests:
        groups: dict[tuple[str, str, str], list[Planned]] = defaultdict(list)
        for planned in manifest.cells:
            groups[planned.benchmark, planned.model, planned.method].append(planned)
        for names, cells in groups.items():
            run = [live[one.id] for one in cells if one.id in live]
            waiting = [one for one in cells if one.id not in live]
            usual = _usual_variant(names[0], manifest, live, variants) if waiting else names[0]
            for one in waiting:
                # A plan does not hold its config: a cell yet to run belongs with those of its plan
                # that have, where they lack its seed.
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
    """Return the question that most of a plan's records of a benchmark answer.

    Its bare name where there is none.
    """
    found = Counter(
        variants[cell.id]
        for cell in manifest.cells
        if cell.benchmark == benchmark and cell.id in live
    )
    return min(found, key=lambda name: (-found[name], name)) if found else benchmark


ChanceConditions = Mapping[str, tuple[JsonValue, ...]]
"""The values that options may have for guessing to score what a manifest says, by option."""


def _chance_conditions(manifests: Iterable[Manifest]) -> dict[str, ChanceConditions]:
    """Return under which options guessing scores what the manifests say, by benchmark."""
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
    """Put in each benchmark's place the questions that its rows answer, by name.

    What guessing scores is kept where it holds.
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
    """Describe every benchmark, from the first manifest that holds it, or else from its records."""
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
