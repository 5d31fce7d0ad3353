"""The header of a record: the few fields that a survey of thousands of records needs.

A record with a correct checksum was validated when it was written, so its header is read without
validating it again.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue
from pydantic_core import from_json

from results.records.checksum import split_checksum
from results.records.record import RECORD_SCHEMA, Record, parse
from results.records.record_parts import Failure
from results.records.same_benchmark import benchmark_options


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHeader:
    """A record without its metrics and curves.

    Attributes:
        id: The cell's id.
        benchmark: Task or stream.
        model: Model or variant.
        method: Training method.
        seed: Seed.
        options: Resolved options of the benchmark.
        status: Whether the cell succeeded or failed.
        error: The failure; None if the cell succeeded.
        seconds: Measured seconds of training and evaluation.
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
        """The cell as readable text."""
        return f"{self.benchmark} · {self.model} · {self.method} · seed {self.seed}"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Benchmark, model, method and seed, without options and versions."""
        return (self.benchmark, self.model, self.method, self.seed)


def header(text: bytes) -> RecordHeader:
    """Read the header of a record.

    Raises:
        Damaged: If the record cannot be read.
        Newer: If its schema is newer than this version.
    """
    body = split_checksum(text)
    if body is not None:
        try:
            document = from_json(body)
            if document["schema"] in (2, RECORD_SCHEMA):
                return _unvalidated(document)
        except (ValueError, KeyError, TypeError):
            pass  # a correct checksum, but not a record: `parse` raises the reason
    return header_of(parse(text))


def header_of(record: Record) -> RecordHeader:
    """Return the header of a parsed record."""
    cell, cost = record.cell, record.cost
    return RecordHeader(
        id=record.id,
        benchmark=cell.benchmark,
        model=cell.model,
        method=cell.method,
        seed=cell.seed,
        options=dict(benchmark_options(cell.method, cell.config)),
        status=record.status,
        error=record.error,
        seconds=cost.train_seconds + cost.eval_seconds,
    )


def _unvalidated(document: dict[str, Any]) -> RecordHeader:
    error = document["error"]
    cost = document["cost"]
    cell = document["cell"]
    return RecordHeader(
        id=document["id"],
        benchmark=cell["benchmark"],
        model=cell["model"],
        method=cell["method"],
        seed=cell["seed"],
        options=dict(benchmark_options(cell["method"], cell["config"])),
        status=document["status"],
        error=None if error is None else Failure.model_validate(error),
        seconds=cost["train_seconds"] + cost["eval_seconds"],
    )
