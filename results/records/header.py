"""What a survey of thousands of records needs of each, read without validating all the rest.

A record whose checksum is right was validated when it was written, so its few fields here are taken
as they stand.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue
from pydantic_core import from_json

from results.records.checksum import split_checksum
from results.records.record import SCHEMA, Failure, Record, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHeader:
    """A record without its curves.

    Attributes:
        id: The cell's.
        benchmark: Task or stream.
        model: Model or variant.
        method: How it learnt.
        seed: Seed.
        options: The benchmark's.
        status: How the cell ended.
        error: Why it failed; None where it did not.
        seconds: How long training and evaluation took, by the cell's own account.
    """

    id: str
    benchmark: str
    model: str
    method: str
    seed: int
    options: dict[str, JsonValue]
    status: Literal["ok", "failed"]
    error: Failure | None
    seconds: float

    @property
    def label(self) -> str:
        """The cell in words, for people."""
        return f"{self.benchmark} · {self.model} · {self.method} · seed {self.seed}"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What people call the same cell, whatever its version."""
        return (self.benchmark, self.model, self.method, self.seed)


def header(text: bytes) -> RecordHeader:
    """Read the outline of a record.

    Raises:
        Damaged: If the record can't be read.
        Newer: If it is of a schema that this version does not know.
    """
    body = split_checksum(text)
    if body is not None:
        try:
            document = from_json(body)
            if document["schema"] == SCHEMA:
                return _taken(document)
        except (ValueError, KeyError, TypeError):
            pass  # sealed, and yet no record: validation says what is wrong
    return header_of(parse(text))


def header_of(record: Record) -> RecordHeader:
    """Return the outline of a record that has been read."""
    cell, cost = record.cell, record.cost
    return RecordHeader(
        id=record.id,
        benchmark=cell.benchmark,
        model=cell.model,
        method=cell.method,
        seed=cell.seed,
        options=cell.config.get("benchmark", {}),
        status=record.status,
        error=record.error,
        seconds=cost.train_seconds + cost.eval_seconds,
    )


def _taken(document: dict[str, Any]) -> RecordHeader:
    error = document["error"]
    cost = document["cost"]
    cell = document["cell"]
    return RecordHeader(
        id=document["id"],
        benchmark=cell["benchmark"],
        model=cell["model"],
        method=cell["method"],
        seed=cell["seed"],
        options=cell["config"].get("benchmark", {}),
        status=document["status"],
        error=None if error is None else Failure.model_validate(error),
        seconds=cost["train_seconds"] + cost["eval_seconds"],
    )
