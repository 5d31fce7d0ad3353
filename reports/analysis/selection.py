"""Arranges the records of a store into rows: one per benchmark, model and method, over seeds.

A benchmark with other options is a separate benchmark (`reports.analysis.benchmark_variants`).
Records with equal names but another config or version (an earlier run) have a row of their own,
identified by its *setting*. A record whose cell is planned again under another id is stale and in
no row, unless only the learning rate differs (`reports.analysis.learning_rates`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reports.analysis.benchmark_variants import variant_names
from reports.analysis.learning_rates import other_rates
from reports.analysis.roles import COMPARED, COMPETING, Descriptions, descriptions
from reports.analysis.stale_records import stale_records
from reports.analysis.subjects import (
    Official,
    Subject,
    chance_conditions,
    described_subjects,
    split_by_variant,
)
from results.records.cell import Cell
from results.records.manifest import Manifest, Planned
from results.records.record import Record
from results.records.roles import Role, split_budget
from results.store.store import Store


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
        role: Its role in a comparison.
        model_title: The model's name for people.
        method_title: The method's name for people.
        earlier: Whether today's code would not make its records again
            (`reports.analysis.earlier_versions`).
        superseded: Whether it is of an earlier version, and its benchmark has rows of today's that
            compete; then it does not compete.
    """

    subject: Subject
    model: str
    method: str
    setting: str
    ok: tuple[Record, ...]
    failed: tuple[Record, ...]
    planned: int
    role: Role = "reference"
    model_title: str = ""
    method_title: str = ""
    earlier: bool = False
    superseded: bool = False

    @property
    def competes(self) -> bool:
        """Whether it competes: a reference, of no superseded version."""
        return self.role in COMPETING and not self.superseded

    @property
    def budget(self) -> str | None:
        """The method's memory budget, ``budget=157000``; None without one, or on a task."""
        return split_budget(self.method)[1]

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
        official: Options of suites, by benchmark, which are official as the defaults are.
    """

    subjects: tuple[Subject, ...]
    entries: tuple[ResultRow, ...]
    stale: tuple[Record, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    damaged: int = 0
    missing: int = 0
    official: Official = field(default_factory=dict)

    def of(self, subject: Subject) -> tuple[ResultRow, ...]:
        """Rows of one benchmark."""
        return tuple(entry for entry in self.entries if entry.subject == subject)

    def compared(self, subject: Subject) -> tuple[ResultRow, ...]:
        """Rows of one benchmark that a leaderboard shows; see `compared_rows`."""
        return compared_rows(self.of(subject))

    @property
    def records(self) -> list[Record]:
        """All records in the order of rows; within a row those that failed come last."""
        return [record for entry in self.entries for record in (*entry.ok, *entry.failed)]

    @property
    def ambiguous(self) -> bool:
        """Whether two rows have the same names, so that their settings must be shown."""
        names = Counter((entry.subject.name, entry.model, entry.method) for entry in self.entries)
        return any(count > 1 for count in names.values())


def compared_rows(entries: Sequence[ResultRow]) -> tuple[ResultRow, ...]:
    """Select the rows of a benchmark that compete, with controls and bounds; all if none does.

    Ablations and sizes are variants of these rows. Of the budgets, the one that most methods have
    is included, in place of the method without a budget; the others are points of a curve.
    """
    usual = usual_budget(entries)
    candidates = [entry for entry in entries if entry.role in COMPARED or entry.role == "budget"]
    chosen = [entry for entry in candidates if entry.budget is not None and entry.budget == usual]
    at_budget = {(entry.model, split_budget(entry.method)[0]) for entry in chosen}
    rows = tuple(
        entry
        for entry in candidates
        if entry in chosen
        or (entry.budget is None and (entry.model, entry.method) not in at_budget)
    )
    return rows or tuple(entries)


def usual_model(entries: Sequence[ResultRow]) -> str:
    """Return the model that most rows have; of several, the first by name."""
    counts = Counter(entry.model for entry in entries)
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def only_model(entries: Sequence[ResultRow]) -> str:
    """Return the model that all rows have; of several models, an empty string."""
    models = {entry.model for entry in entries}
    return models.pop() if len(models) == 1 else ""


def usual_budget(entries: Sequence[ResultRow]) -> str | None:
    """Return the budget that most methods are run at, as a variant's options; of two, the total."""
    methods = {
        (entry.budget, entry.model, entry.method.partition("[")[0])
        for entry in entries
        if entry.budget is not None
        and entry.ok
        and (entry.role in COMPARED or entry.role == "budget")
    }
    found = Counter(budget for budget, *_ in methods)
    return max(
        found, key=lambda text: (found[text], text.startswith("total_budget"), text), default=None
    )


def select(store: Store, *others: Store) -> Selection:
    """Read stores and arrange their records into rows.

    Args:
        store: The store.
        others: Further stores, such as the published records. Of two records of one cell, the first
            store's counts.
    """
    stores = (store, *others)
    manifests = [manifest for one in stores for manifest in one.manifests()]
    found = {record.id: record for one in reversed(stores) for record in one}
    records = [found[cell_id] for cell_id in sorted(found)]
    planned = {cell.id: cell for manifest in manifests for cell in manifest.cells}
    replanned = stale_records(records, manifests)
    models = other_rates(replanned, (record for record in records if record.id in planned))
    stale = tuple(record for record in replanned if record.id not in models)
    left_out = {record.id for record in stale}
    live = {record.id: record for record in records if record.id not in left_out}
    variants, described = variant_names(live.values()), descriptions(manifests)
    rows = _rows(live, manifests, variants, models)
    subjects = split_by_variant(
        described_subjects(manifests, live.values()), rows, live, chance_conditions(manifests)
    )
    order = {name: place for place, name in enumerate(subjects)}
    return Selection(
        subjects=tuple(subjects.values()),
        entries=tuple(
            _entry(
                subjects[key[0]],
                key,
                described,
                [live[cell] for cell in sorted(cells) if cell in live],
                len(cells),
            )
            for key, cells in sorted(rows.items(), key=lambda row: (order[row[0][0]], *row[0][1:]))
        ),
        stale=stale,
        manifests=tuple(manifests),
        damaged=sum(len(one.damaged()) for one in stores),
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


def _entry(
    subject: Subject,
    key: Key,
    described: Descriptions,
    records: Iterable[Record],
    planned: int,
) -> ResultRow:
    by_seed = sorted(records, key=lambda record: record.cell.seed)
    return ResultRow(
        subject=subject,
        model=key[1],
        method=key[2],
        setting=key[3],
        ok=tuple(record for record in by_seed if record.status == "ok"),
        failed=tuple(record for record in by_seed if record.status == "failed"),
        planned=planned,
        role=described.role(key[1], key[2], on_stream=subject.kind == "stream"),
        model_title=described.title("model", key[1]),
        method_title=described.title("method", key[2]),
    )
