"""The record of a cell: one JSON document, validated whenever it is read.

All numbers are finite or null. Schema 2 added the checksum at the end. Schema 3 added ``learning``,
``weights``, plugins, ``training_state_bytes`` and ``regenerated_bytes``, and thins survival curves.
Records of schemas 1 and 2 are read and converted (`results.records.migration`).
"""

import json
import math
from typing import Annotated, Literal, NamedTuple

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
from results.records.migration import migrated_slots

RECORD_SCHEMA: Literal[3] = 3
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
Accuracy = Annotated[float, Field(ge=0, le=1)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


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

    Attributes:
        parameters: Number of parameters.
        parameter_bytes: Bytes of the parameters.
        state_bytes: Peak size of the state that one sequence carries in evaluation, including the
            chunk.
        training_state_bytes: The same in training; 0 if a method on a stream never trains by the
            model's forward pass, None if it was not measured.
        buffer_bytes: Bytes stored of past samples: raw images as bytes, codes as stored,
            the slots of a persistent memory with everything needed to use them.
        regenerated_bytes: Parameter bytes that the seed alone determines, as declared by the model
            or method.
        train_seconds: Wall-clock seconds of training.
        train_cpu_seconds: CPU seconds of training.
        eval_seconds: Wall-clock seconds of evaluation.
        train_examples: Samples processed in training, with repetitions and rehearsed samples.
        peak_rss_bytes: Peak resident memory of the process.
        peak_device_bytes: Peak memory on an accelerator.
    """

    parameters: Bytes = 0
    parameter_bytes: Bytes = 0
    state_bytes: Bytes = 0
    training_state_bytes: Bytes | None = None
    buffer_bytes: Bytes = 0
    regenerated_bytes: Bytes = 0
    train_seconds: Seconds = 0.0
    train_cpu_seconds: Seconds = 0.0
    eval_seconds: Seconds = 0.0
    train_examples: Bytes = 0
    peak_rss_bytes: Bytes = 0
    peak_device_bytes: Bytes = 0

    @property
    def total_bytes(self) -> int:
        """Bytes stored and bytes of the parameters, without those that the seed regenerates."""
        return self.buffer_bytes + self.parameter_bytes - self.regenerated_bytes


class LearningPoint(NamedTuple):
    """One validation during training.

    Attributes:
        step: Training steps done.
        examples: Training examples processed.
        cpu_seconds: CPU seconds of training.
        accuracy: Validation accuracy.
        loss: Validation loss; None if it was not measured.
    """

    step: Annotated[int, Field(ge=0)]
    examples: Annotated[int, Field(ge=0)]
    cpu_seconds: Seconds
    accuracy: Accuracy
    loss: Finite | None


class Learning(Part):
    """How a model learned a task, by validation during training.

    `results.statistics.learning.learning` computes it.

    Attributes:
        initial_accuracy: Accuracy before training (step 0).
        curve: Validations with increasing steps, at most 200.
        solved: Whether the model reached the protocol's criterion of a solved task; None if the
            protocol has none.
        examples_to_90: Training examples until a validation accuracy of 0.9; None if not reached.
        cpu_seconds_to_90: CPU seconds of training until then; None if not reached.
    """

    initial_accuracy: Accuracy | None = None
    curve: tuple[LearningPoint, ...] = ()
    solved: bool | None = None
    examples_to_90: Bytes | None = None
    cpu_seconds_to_90: Seconds | None = None


class Plugin(Part):
    """A component of the cell that is not part of memnet-bench.

    Attributes:
        kind: The component.
        name: Name of the entry.
        version: Its ``VERSION``.
        digest: Hash of its file, and of the modules of its folder that it imports.
        package: The installed package that contains it; None for a single file.
        package_version: Version of the package.
        package_digest: Hash of all source files of the package.
        commit: Commit of the repository that contains the file; None outside version control.
        dirty: Whether the file differs from that commit; true outside version control.
    """

    kind: Literal["task", "stream", "model", "method"]
    name: str
    version: str
    digest: Digest
    package: str | None = None
    package_version: str | None = None
    package_digest: Digest | None = None
    commit: str | None = None
    dirty: bool = True


class Provenance(Part):
    """Where and when a record was made.

    It is not part of the cell's identity: devices and packages change the last bits of a result.
    ``plugins`` is None in records older than schema 3.
    """

    commit: str | None = None
    dirty: bool | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    plugins: tuple[Plugin, ...] | None = None
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
