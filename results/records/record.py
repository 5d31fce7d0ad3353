"""The record that a cell leaves: one JSON document, validated whenever it is read.

Numbers are finite or null; a record that says otherwise is refused. Schema 2 added the checksum at
the end; records of schema 1 are read.
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

SCHEMA: Literal[2] = 2
"""Version of the record's form.

Older ones are read and become this one; a newer one is refused by name.
"""


def _finite(value: JsonValue) -> JsonValue:
    """Refuse NaN and infinities anywhere in a JSON value."""
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
    """Base of all parts: immutable, and no unknown field passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Failure(Part):
    """Why a cell failed."""

    type: str
    message: str
    traceback: str = ""


class Cost(Part):
    """What a cell used.

    Bytes are measured: ``state_bytes`` is the peak of what one sequence carries, chunk included.

    ``buffer_bytes`` counts what is kept of the past between samples: raw images as bytes, codes as
    they are stored, a persistent memory's slots with all that is needed to use them.
    ``train_examples`` counts samples processed in training, each as often as it was, those that a
    method rehearses included.
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

    Not part of its identity: devices and packages change last bits, and a reader can see them.
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
    """What running a cell yields before it is told where and when.

    Attributes:
        metrics: Name to number, or null where a metric does not apply.
        curves: ``accuracy_by_distance`` ``[[distance, accuracy, n], …]``, and the same with
            ``_GROUP`` for questions scored apart; ``accuracy_matrix`` ``R[i][j]``, after experience
            i on experience j; ``initial_accuracy`` ``[accuracy on j before any training]``;
            ``training_loss`` ``[[step, loss], …]``.
        slots: Statistics of the memory's slots; null for models without any. ``lifetimes`` holds
            ``time`` and ``survival``.
        cost: What it took.
    """

    metrics: dict[str, Finite | None]
    curves: dict[str, FiniteJson] = Field(default_factory=dict)
    slots: dict[str, FiniteJson] | None = None
    cost: Cost


class Record(Part):
    """One cell's result, or its failure."""

    schema_version: Literal[1, 2] = Field(default=SCHEMA, alias="schema")
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
            raise ValueError(
                f"id {self.id} does not follow from the cell, whose id is {self.cell.id}"
            )
        if (self.status == "failed") != (self.error is not None):
            raise ValueError("a failed record has an error, and an ok one has none")
        return self

    def to_json(self) -> str:
        """Return the record as JSON text with its checksum, the same for equal records."""
        return add_checksum(self.model_dump_json(by_alias=True, indent=1))


def succeeded(cell: Cell, outcome: Outcome, provenance: Provenance) -> Record:
    """Make the record of a cell that ran to its end."""
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
    """Make the record of a cell that failed."""
    return Record(id=cell.id, status="failed", error=failure, cell=cell, provenance=provenance)


def parse(text: str | bytes) -> Record:
    """Read a record of this schema or an older one; it comes back as one of this schema.

    Raises:
        Damaged: With one line that says what is wrong.
        Newer: If it was written under a schema that this version does not know.
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
    if record.schema_version == SCHEMA:
        if body is None:
            raise Damaged(
                f"sha256: a record of schema {SCHEMA} ends with its checksum, and this one has none"
            )
        return record
    return record.model_copy(update={"schema_version": SCHEMA})


def schema_of(raw: bytes) -> int | None:
    """Return the schema that a document says it is of; None where it says none."""
    try:
        document = from_json(raw)
    except ValueError:
        return None
    schema = document.get("schema") if isinstance(document, dict) else None
    return schema if isinstance(schema, int) and not isinstance(schema, bool) else None


def _refuse_newer(raw: bytes) -> None:
    schema = schema_of(raw)
    if schema is not None and schema > SCHEMA:
        raise Newer(
            f"it is of schema {schema}, and this version reads up to {SCHEMA}: install a newer memnet-bench"
        )
