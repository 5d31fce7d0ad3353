"""Whether records that others send in can be believed.

Each by itself, then together, then against those there are.

A record that passes is well-formed, consistent and plausible. That it was really measured no check
can tell: that takes a rerun.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from results.errors import Damaged, Newer
from results.records.checksum import split_checksum
from results.records.record import SCHEMA, Record, parse
from results.validation.plausibility import doubts
from results.validation.recompute import disagreements
from results.validation.submissions import Submission, doubts_together
from results.validation.untrusted_json import printable, read

LINES = 12
"""Most findings that one record gets; one that is wrong in everything needs no longer list."""


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """One line on one file.

    Attributes:
        path: The file.
        severity: ``refused``, or ``note`` for what a reader should know and what refuses nothing.
        reason: What is wrong, on one line that a terminal can safely show.
    """

    path: Path
    severity: Literal["refused", "note"]
    reason: str


def validate(paths: Iterable[Path], known: Sequence[Submission] = ()) -> list[RecordProblem]:
    """Check files that should be records.

    Args:
        paths: The files. Nothing is written and nothing in them is executed.
        known: Records to hold them against; a file that is one of them is not held against itself.

    Returns:
        Findings in the order of the files, then those on all of them together; none where all is
        well.
    """
    found: list[RecordProblem] = []
    readable: list[Submission] = []
    for path in paths:
        record, reasons = inspect(path)
        found += [RecordProblem(path, "refused", printable(reason)) for reason in reasons[:LINES]]
        if record is not None:
            readable.append(Submission(path, record))
    found += [
        RecordProblem(path, severity, printable(reason))
        for path, severity, reason in doubts_together(readable, known)
    ]
    return found


def known_records(folder: Path) -> list[Submission]:
    """Read a store's records, without setting damaged ones aside: those are left out, and so is what is no record."""
    found = []
    for path in sorted((folder / "records").glob("[!.]*.json")):
        try:
            found.append(Submission(path, parse(path.read_bytes())))
        except (Damaged, Newer, OSError):
            continue
    return found


def inspect(path: Path) -> tuple[Record | None, list[str]]:
    """Check one file by itself.

    Returns:
        The record, where it could be read at all, and why it is refused; no reason where it is not.
    """
    try:
        raw, document = read(path)
        if isinstance(document, dict):
            _check_schema(document.get("schema"))
        body = split_checksum(raw)
        Record.model_validate_json(
            raw if body is None else body, strict=True
        )  # no text where a number belongs
        record = parse(raw)
    except ValidationError as error:
        return None, list(_lines(error))
    except (Damaged, Newer) as error:
        return None, [str(error)]
    return record, list(_reasons(path, record))


def _reasons(path: Path, record: Record) -> Iterator[str]:
    if path.name != f"{record.id}.json":
        yield f"the file is named {path.name}; a record's is named by its id, {record.id}.json"
    if record.status == "ok":
        yield from disagreements(record.metrics, record.curves)
    yield from doubts(record)


def _check_schema(schema: object) -> None:
    if isinstance(schema, bool) or not isinstance(schema, int):
        raise Damaged(f"schema is {schema!r}; it is a whole number, now {SCHEMA}")
    if schema > SCHEMA:
        raise Newer(
            f"it is of schema {schema}, and this version reads up to {SCHEMA}: install a newer memnet-bench"
        )


def _lines(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        yield f"{'.'.join(str(part) for part in one['loc']) or 'record'}: {one['msg']}"
