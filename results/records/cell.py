"""A cell: one benchmark, model, method and seed, with everything that can change its result."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IDENTITY_SCHEME = 1
"""Version of the hash below; raise it when the way of hashing changes."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.+\-]*(\[[A-Za-z0-9_.,=+\-]*\])?$"
"""Form of a benchmark, model or method name, with the options of a variant in brackets."""


SUPERVISED = "supervised"
"""The method of every cell of a task."""


class Cell(BaseModel):
    """The unit of work, and of identity.

    Attributes:
        benchmark: Task or stream.
        model: Model, with its overrides in brackets where it is a variant.
        method: How it learns; ``supervised`` on tasks.
        seed: Seed of the data, the order and the initialisation, each through a generator of its
            own.
        config: Resolved options of the benchmark, the model, the method and the training, by those
            names.
        version: Versions of the components used, and digests of the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str = Field(pattern=NAME, max_length=200)
    model: str = Field(pattern=NAME, max_length=200)
    method: str = Field(pattern=NAME, max_length=200)
    seed: int = Field(ge=0, lt=2**32)
    config: dict[str, dict[str, JsonValue]]
    version: dict[str, str]

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits that name this cell: a hash of its fields and of nothing else."""
        text = json.dumps(
            [IDENTITY_SCHEME, self.model_dump(mode="json")], sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def setting(self) -> str:
        """Digest of what the seeds of one row share beyond their names: config and version.

        Eight hexadecimal digits.
        """
        text = json.dumps([self.config, self.version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> "Cell":
        """Copy the cell, with other fields; the copy's id is its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("id", None)
        return copied

    @property
    def label(self) -> str:
        """The cell in words, for people."""
        return f"{self.benchmark} · {self.model} · {self.method} · seed {self.seed}"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What people call the same cell, whatever its version."""
        return (self.benchmark, self.model, self.method, self.seed)


def canonical(value: Any) -> Any:
    """Bring a resolved option to its JSON form (tuples become lists), so that a cell equals itself after a round trip."""
    return json.loads(json.dumps(value))
