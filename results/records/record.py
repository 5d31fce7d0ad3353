"""The record of a cell: one JSON document, validated whenever it is read.

Its parts are in `results.records.record_parts`. Schema 2 added the checksum at the end. Schema 3
added ``learning``, ``weights``, plugins, ``training_state_bytes`` and ``regenerated_bytes``, and
thins survival curves.
Records of schemas 1 and 2 are read and converted (`results.records.migration`).
"""

import json
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import from_json

from results.errors import Damaged, Newer
from results.records.cell import Cell
from results.records.checksum import add_checksum, split_checksum
from results.records.migration import migrated_slots
from results.records.record_parts import (
    Cost,
    Digest,
    Failure,
    Finite,
    FiniteJson,
    Learning,
    Part,
    Provenance,
)

RECORD_SCHEMA: Literal[3] = 3
"""Version of the record's schema. Older records are read and converted; a newer schema is an error.
"""


class Outcome(Part):
    """The result of a cell, without provenance.

    Attributes:
        metrics: Name to number, or null if a metric does not apply.
        curves: ``accuracy_by_distance`` ``[[distance, accuracy, n], …]``, and the same with
            ``_GROUP`` for groups of queries with their own score; ``accuracy_matrix`` ``R[i][j]``,
            accuracy on experience j after experience i; ``initial_accuracy`` ``[accuracy on j
            before training]``; ``training_loss`` ``[[step, loss], …]``.
        slots: Statistics of memory slots; null for models without slots. ``lifetimes`` is the
            survival curve of `results.statistics.survival.survival`.
        learning: How a model learned a task; null if it was not validated during training.
        cost: Measured costs.
    """

    metrics: dict[str, Finite | None]
    curves: dict[str, FiniteJson] = Field(default_factory=dict)
    slots: dict[str, FiniteJson] | None = None
    learning: Learning | None = None
    cost: Cost


class Record(Part):
    """The result of one cell, or its failure.

    ``weights`` is the digest of the trained weights, if they were stored. The other fields are
    those of `Outcome`.
    """

    schema_version: Literal[1, 2, 3] = Field(default=RECORD_SCHEMA, alias="schema")
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    status: Literal["ok", "failed"]
    error: Failure | None = None
    cell: Cell
    metrics: dict[str, Finite | None] = Field(default_factory=dict)
    curves: dict[str, FiniteJson] = Field(default_factory=dict)
    slots: dict[str, FiniteJson] | None = None
    learning: Learning | None = None
    weights: Digest | None = None
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
        """Return the record as JSON text, a line per field, with its checksum.

        Equal records give equal text.
        """
        fields = self.model_dump(mode="json", by_alias=True)
        lines = [f" {json.dumps(name)}: {_compact(value)}" for name, value in fields.items()]
        return add_checksum("{\n" + ",\n".join(lines) + "\n}")


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ": "))


def succeeded(
    cell: Cell, outcome: Outcome, provenance: Provenance, weights: str | None = None
) -> Record:
    """Return the record of a cell that succeeded; ``weights`` is their digest, if stored."""
    return Record(
        id=cell.id,
        status="ok",
        cell=cell,
        metrics=outcome.metrics,
        curves=outcome.curves,
        slots=outcome.slots,
        learning=outcome.learning,
        weights=weights,
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
    if body is None and record.schema_version > 1:
        raise Damaged(
            f"sha256: a record of schema {record.schema_version} ends with its checksum; "
            "this one has none"
        )
    if record.schema_version == RECORD_SCHEMA:
        return record
    return record.model_copy(
        update={"schema_version": RECORD_SCHEMA, "slots": migrated_slots(record.slots)}
    )


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
