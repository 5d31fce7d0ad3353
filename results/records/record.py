"""The record of a cell: one JSON document, validated whenever it is read.

All numbers are finite or null. Schema 2 added the checksum at the end; records of schema 1 are
read.
"""

import math
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from results.errors import Damaged, Newer
from results.records.cell import Cell
from results.records.checksum import add_checksum, split_checksum

RECORD_SCHEMA: Literal[2] = 2
"""Version of the record's schema. Older records are read and converted; a newer schema is an error.
"""


def _finite(value: JsonValue) -> JsonValue:
    """Reject NaN and infinities anywhere in a JSON value."""
    stack: list[JsonValue] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            raise ValueError("numbers must be finite or null")
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
    return value


Finite = Annotated[float, Field(allow_inf_nan=False)]
FiniteJson = Annotated[JsonValue, AfterValidator(_finite)]
Bytes = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """Base of all parts of a record: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Failure(Part):
    """The exception that made a cell fail."""

    type: str
    message: str
    traceback: str = ""


class Cost(Part):
    """Measured costs of a cell.

    ``state_bytes`` is the peak size of the state that one sequence carries, including the chunk.
    ``buffer_bytes`` counts the bytes stored of past samples: raw images as bytes, codes as they
    are stored, the slots of a persistent memory with everything needed to use them.
    ``train_examples`` counts the samples processed in training, with repetitions and rehearsed
    samples.
    """

    parameters: Bytes = 0
    parameter_bytes: Bytes = 0
    state_bytes: Bytes = 0
    buffer_bytes: Bytes = 0
    train_seconds: Seconds = 0.0
    train_cpu_seconds: Seconds = 0.0
    eval_seconds: Seconds = 0.0
    train_examples: Bytes = 0
    peak_rss_bytes: Bytes = 0
    peak_device_bytes: Bytes = 0


class Provenance(Part):
    """Where and when a record was made.

    It is not part of the cell's identity: devices and packages change the last bits of a result.
    """

    commit: str | None = None
    dirty: bool | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    python: str
    platform: str
    cpu: str
    device: str
    threads: int
    started_at: str
    finished_at: str


class Outcome(Part):
    """The result of a cell, without provenance.

    Attributes:
        metrics: Name to number, or null if a metric does not apply.
        curves: ``accuracy_by_distance`` ``[[distance, accuracy, n], …]``, and the same with
            ``_GROUP`` for groups of queries with their own score; ``accuracy_matrix`` ``R[i][j]``,
            accuracy on experience j after experience i; ``initial_accuracy`` ``[accuracy on j
            before training]``; ``training_loss`` ``[[step, loss], …]``.
        slots: Statistics of memory slots; null for models without slots. ``lifetimes`` has
            ``time`` and ``survival``.
        cost: Measured costs.
    """

    metrics: dict[str, Finite | None]
    curves: dict[str, FiniteJson] = Field(default_factory=dict)
    slots: dict[str, FiniteJson] | None = None
    cost: Cost


class Record(Part):
    """The result of one cell, or its failure."""

    schema_version: Literal[1, 2] = Field(default=RECORD_SCHEMA, alias="schema")
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    status: Literal["ok", "failed"]
    error: Failure | None = None
    cell: Cell
    metrics: dict[str, Finite | None] = Field(default_factory=dict)
    curves: dict[str, FiniteJson] = Field(default_factory=dict)
    slots: dict[str, FiniteJson] | None = None
    cost: Cost = Field(default_factory=Cost)
    provenance: Provenance

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _consistent(self) -> "Record":
        if self.id != self.cell.id:
            raise ValueError(f"id {self.id} does not match the cell, whose id is {self.cell.id}")
        if (self.status == "failed") != (self.error is not None):
            raise ValueError("a failed record has an error, and an ok one has none")
        return self

    def to_json(self) -> str:
        """Return the record as JSON text with its checksum; equal records give equal text."""
        return add_checksum(self.model_dump_json(by_alias=True, indent=1))


def succeeded(cell: Cell, outcome: Outcome, provenance: Provenance) -> Record:
    """Return the record of a cell that succeeded."""
    return Record(
        id=cell.id,
        status="ok",
        cell=cell,
        metrics=outcome.metrics,
        curves=outcome.curves,
        slots=outcome.slots,
        cost=outcome.cost,
        provenance=provenance,
    )


def failed(cell: Cell, failure: Failure, provenance: Provenance) -> Record:
    """Return the record of a cell that failed."""
    return Record(id=cell.id, status="failed", error=failure, cell=cell, provenance=provenance)


def parse(text: str | bytes) -> Record:
    """Read a record of this schema or an older one, and convert it to this schema.

    Raises:
        Damaged: If the record is invalid; the message is one line with the reason.
        Newer: If its schema is newer than this version.
    """
    raw = text.encode() if isinstance(text, str) else text
    body = split_checksum(raw)
    try:
        record = Record.model_validate_json(raw if body is None else body)
    except ValidationError as error:
        _refuse_newer(raw)
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise Damaged(f"{where}: {first['msg']}") from error
    if record.schema_version == RECORD_SCHEMA:
        if body is None:
            raise Damaged(
                f"sha256: a record of schema {RECORD_SCHEMA} ends with its checksum; "
                "this one has none"
            )
        return record
    return record.model_copy(update={"schema_version": RECORD_SCHEMA})


def schema_of(raw: bytes) -> int | None:
    """Return the ``schema`` field of a document; None if it has none."""
    try:
        document = from_json(raw)
    except ValueError:
        return None
    schema = document.get("schema") if isinstance(document, dict) else None
    return schema if isinstance(schema, int) and not isinstance(schema, bool) else None


def _refuse_newer(raw: bytes) -> None:
    schema = schema_of(raw)
    if schema is not None and schema > RECORD_SCHEMA:
        raise Newer(
            f"it has schema {schema}, and this version reads up to {RECORD_SCHEMA}: "
            "install a newer memnet-bench"
        )
