"""Validation of submitted records: each alone, then together, then against published ones.

A valid record is well-formed, consistent and plausible. No check can prove that it was really
measured: that takes a rerun.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import JsonValue, ValidationError

from results.errors import Damaged, Newer
from results.records.checksum import split_checksum
from results.records.manifest import parse_manifest
from results.records.record import RECORD_SCHEMA, Record, parse
from results.validation.plausibility import implausibilities
from results.validation.recompute import disagreements
from results.validation.submissions import Submission, joint_problems
from results.validation.untrusted_json import printable, read

MAX_REASONS = 12
"""Most problems shown for one record."""


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """One line on one file.

    Attributes:
        path: The file.
        severity: ``refused``; ``note`` for a remark on a record that is not rejected; ``manifest``
            for a valid manifest.
        reason: The problem, as one line that is safe for a terminal.
        group: Of a note, the same without names: equal notes have one group. Else empty.
    """

    path: Path
    severity: Literal["refused", "note", "manifest"]
    reason: str
    group: str = ""


def validate(paths: Iterable[Path], known: Sequence[Submission] = ()) -> list[RecordProblem]:
    """Check files that should be records. Manifests are only checked against their schema.

    Args:
        paths: The files. Nothing is written and nothing in them is executed.
        known: Records to compare with. A file that is one of them is not compared with itself.

    Returns:
        Problems in the order of the files, then problems of all files together; none if all are
        valid.
    """
    found: list[RecordProblem] = []
    readable: list[Submission] = []
    for path in paths:
        record, problems = _check(path)
        found += problems
        if record is not None:
            readable.append(Submission(path, record))
    found += [
        RecordProblem(path, severity, printable(reason), group)
        for path, severity, reason, group in joint_problems(readable, known)
    ]
    return found


def known_records(folder: Path) -> list[Submission]:
    """Read a store's records. Damaged records and other files are left out and stay in place."""
    found = []
    for path in sorted((folder / "records").glob("[!.]*.json")):
        try:
            found.append(Submission(path, parse(path.read_bytes())))
        except (Damaged, Newer, OSError):
            continue
    return found


def _check(path: Path) -> tuple[Record | None, list[RecordProblem]]:
    """Check one file alone.

    Returns:
        The record, or None if there is none; and the problems of the file.
    """
    try:
        raw, document = read(path)
        if isinstance(document, dict) and {"benchmarks", "cells"} <= document.keys():
            return None, [_manifest_note(path, raw)]
        record = _strictly_parsed(raw, document)
        reasons = list(_reasons(path, record))
    except ValidationError as error:
        record, reasons = None, list(_lines(error))
    except (Damaged, Newer) as error:
        record, reasons = None, [str(error)]
    return record, [
        RecordProblem(path, "refused", printable(reason)) for reason in reasons[:MAX_REASONS]
    ]


def _manifest_note(path: Path, raw: bytes) -> RecordProblem:
    manifest = parse_manifest(raw)
    count = f"{len(manifest.cells)} cell{'s' if len(manifest.cells) != 1 else ''}"
    reason = f"a manifest of '{manifest.name}' with {count}, not a record"
    return RecordProblem(path, "manifest", printable(reason))


def _strictly_parsed(raw: bytes, document: JsonValue) -> Record:
    if isinstance(document, dict):
        _check_schema(document.get("schema"))
    body = split_checksum(raw)
    # strict: no text in place of a number
    Record.model_validate_json(raw if body is None else body, strict=True)
    return parse(raw)


def _reasons(path: Path, record: Record) -> Iterator[str]:
    if path.name != f"{record.id}.json":
        yield f"the file is named {path.name}; its name must be the id, {record.id}.json"
    if record.status == "ok":
        yield from disagreements(record.metrics, record.curves)
    yield from implausibilities(record)


def _check_schema(schema: object) -> None:
    if isinstance(schema, bool) or not isinstance(schema, int):
        raise Damaged(f"schema is {schema!r}; it must be an integer, currently {RECORD_SCHEMA}")
    if schema > RECORD_SCHEMA:
        raise Newer(
            f"it has schema {schema}, and this version reads up to {RECORD_SCHEMA}: "
            "install a newer memnet-bench"
        )


def _lines(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        yield f"{'.'.join(str(part) for part in one['loc']) or 'record'}: {one['msg']}"
