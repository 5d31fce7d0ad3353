"""Where the records come from, and how to make them again."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.selection import Selection
from results.manifest import Manifest, Planned
from results.record import Record

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that records say of their origin.

    Attributes:
        name: What it is.
        values: Each value with the number of records that say so, the most frequent first.
        warning: Why a reader should look twice, or nothing.
    """

    name: str
    values: tuple[tuple[str, int], ...]
    warning: str = ""


def origins(selection: Selection) -> list[Fact]:
    """Collect what all shown records say of code, packages and machine; what differs among them is flagged."""
    records = selection.records
    if not records:
        return []
    facts = [_fact(label, [_text(getattr(record.provenance, attribute)) for record in records]) for label, attribute in ATTRIBUTES]
    packages = sorted({name for record in records for name in record.provenance.packages})
    facts += [_fact(package, [record.provenance.packages.get(package, "not installed") for record in records]) for package in packages]
    started = min(record.provenance.started_at for record in records)
    finished = max(record.provenance.finished_at for record in records)
    return [_uncommitted(records), *facts, Fact("run between", ((f"{started} and {finished}", len(records)),))]


ATTRIBUTES = (
    ("commit", "commit"),
    ("device", "device"),
    ("CPU", "cpu"),
    ("threads per cell", "threads"),
    ("platform", "platform"),
    ("Python", "python"),
)


def commands(selection: Selection) -> list[str]:
    """Write the commands that plan the same cells again, manifest by manifest."""
    return [command for manifest in selection.manifests for command in _commands(manifest)]


def _commands(manifest: Manifest) -> list[str]:
    """Write one command for a suite; for a task or stream, one per set of models that share methods and seeds."""
    streams = {member.name for member in manifest.benchmarks if member.kind == "stream"}
    if manifest.name not in {member.name for member in manifest.benchmarks}:
        return [_command(manifest.name, manifest.cells, streams)] if manifest.cells else []
    by_model: dict[str, list[Planned]] = defaultdict(list)
    for cell in manifest.cells:
        by_model[cell.model].append(cell)
    alike: dict[tuple[frozenset[str], frozenset[int]], list[Planned]] = defaultdict(list)
    for cells in by_model.values():
        alike[frozenset(cell.method for cell in cells), frozenset(cell.seed for cell in cells)] += cells
    return [_command(manifest.name, cells, streams) for cells in alike.values()]


def _command(name: str, cells: Sequence[Planned], streams: set[str]) -> str:
    methods = [cell.method for cell in cells if cell.benchmark in streams]
    return command(name, [cell.model for cell in cells], methods, {cell.seed for cell in cells})


def command(name: str, models: Iterable[str], methods: Iterable[str], seeds: Iterable[int]) -> str:
    """Write the command that runs these; each name once, and no methods on tasks."""
    parts = ["memnet", "run", name, "--models", _joined(models)]
    joined = _joined(methods)
    if joined:
        parts += ["--methods", joined]
    return shlex.join([*parts, "--seeds", seed_text(seeds)])


def seed_text(seeds: Iterable[int]) -> str:
    """Write seeds as the command takes them: a range, or a list that ends in a comma where it holds one seed alone."""
    ordered = sorted(seeds)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered)) + ("," if len(ordered) == 1 else "")


def _joined(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))


def _fact(name: str, values: Sequence[str]) -> Fact:
    counted = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    return Fact(name, tuple(counted), "differs between records" if len(counted) > 1 else "")


def _uncommitted(records: Sequence[Record]) -> Fact:
    fact = _fact("uncommitted changes", [_text(record.provenance.dirty) for record in records])
    dirty = any(record.provenance.dirty for record in records)
    return Fact(fact.name, fact.values, "the commit alone does not give this code" if dirty else fact.warning)


def _text(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
