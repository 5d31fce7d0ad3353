"""The parts of a record: the failure, the cost, learning during training, and the provenance.

All numbers are finite or null.
"""

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue


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

    Attributes:
        commit: Commit of the project's checkout; None without one.
        dirty: Whether tracked files of the checkout differ from the commit, or its packages have
            further files. A plugin has a flag of its own; in earlier records its flag and any
            further file count here.
        packages: Versions of installed packages.
        plugins: Components that are not part of the project; None before schema 3.
        python: Version of Python.
        platform: The operating system.
        cpu: Name of the processor.
        device: Device of the computation.
        threads: Number of threads.
        started_at: Start of the cell, ISO 8601.
        finished_at: End of the cell.
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
