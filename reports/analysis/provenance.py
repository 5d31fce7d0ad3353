"""Provenance of records: code, packages and machine."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.selection import Selection
from results.records.record import Record

UNKNOWN = "unknown"

DIGEST_LETTERS = len("sha256:") + 12
"""Letters of a digest that are shown."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of the records' provenance.

    Attributes:
        name: The property.
        values: Each value with its number of records, the most frequent first.
        warning: A caution for the reader, or an empty string.
    """

    name: str
    values: tuple[tuple[str, int], ...]
    warning: str = ""


def provenance_facts(selection: Selection) -> list[Fact]:
    """Return the provenance of all shown records; properties that differ are flagged."""
    records = selection.records
    if not records:
        return []
    facts = [
        _fact(label, [_text(getattr(record.provenance, attribute)) for record in records])
        for label, attribute in ATTRIBUTES
    ]
    packages = sorted({name for record in records for name in record.provenance.packages})
    facts += [
        _fact(
            package,
            [record.provenance.packages.get(package, "not installed") for record in records],
        )
        for package in packages
    ]
    started = min(record.provenance.started_at for record in records)
    finished = max(record.provenance.finished_at for record in records)
    return [
        _uncommitted(records),
        *_own_files(records),
        *facts,
        Fact("run between", ((f"{started} and {finished}", len(records)),)),
    ]


ATTRIBUTES = (
    ("commit", "commit"),
    ("device", "device"),
    ("CPU", "cpu"),
    ("threads per cell", "threads"),
    ("platform", "platform"),
    ("Python", "python"),
)


def _fact(name: str, values: Sequence[str]) -> Fact:
    counted = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    return Fact(name, tuple(counted), "differs between records" if len(counted) > 1 else "")


def _uncommitted(records: Sequence[Record]) -> Fact:
    fact = _fact("uncommitted changes", [_text(record.provenance.dirty) for record in records])
    dirty = any(record.provenance.dirty for record in records)
    return Fact(
        fact.name,
        fact.values,
        "the commit alone does not give this code" if dirty else fact.warning,
    )


def plugin_texts(record: Record) -> list[str]:
    """Name a record's components from outside the project: ``model my-model, sha256:0123abcd…``."""
    return [
        f"{one.kind} {one.name}, {one.digest[:DIGEST_LETTERS]}…"
        for one in record.provenance.plugins or ()
    ]


def _own_files(records: Sequence[Record]) -> list[Fact]:
    """Return the components from outside the project with their digests, if there are any."""
    found = Counter(text for record in records for text in plugin_texts(record))
    return [Fact("entries from outside", tuple(found.most_common()))] if found else []


def _text(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
