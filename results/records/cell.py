"""A cell: one benchmark, model, method and seed, with all that can change the result."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IDENTITY_SCHEME = 1
"""Version of the hash below. Raise it if the hash is computed differently."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.+\-]*(\[[A-Za-z0-9_.,=+\-]*\])?$"
"""Pattern of a benchmark, model or method name, with the options of a variant in brackets."""


SUPERVISED = "supervised"
"""The method of every cell of a task."""


class Cell(BaseModel):
    """The unit of work and of identity.

    Attributes:
        benchmark: Task or stream.
        model: Model; a variant has its overrides in brackets.
        method: Training method; ``supervised`` on tasks.
        seed: Seed of the data, the order and the initialisation, each with its own generator.
        config: Resolved options, under ``benchmark``, ``model``, ``method`` and ``training``.
        version: Versions of the components, and digests of the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str = Field(pattern=NAME_PATTERN, max_length=200)
    model: str = Field(pattern=NAME_PATTERN, max_length=200)
    method: str = Field(pattern=NAME_PATTERN, max_length=200)
    seed: int = Field(ge=0, lt=2**32)
    config: dict[str, dict[str, JsonValue]]
    version: dict[str, str]

    @cached_property
    def id(self) -> str:
        """Hash of the cell's fields and of nothing else: sixteen hexadecimal digits."""
        text = json.dumps(
            [IDENTITY_SCHEME, self.model_dump(mode="json")], sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def setting(self) -> str:
        """Digest of config and version, shared by all seeds of a row: eight hexadecimal digits."""
        text = json.dumps([self.config, self.version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> "Cell":
        """Copy the cell with changed fields; the copy has its own id."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("id", None)
        return copied

    @property
    def label(self) -> str:
        """The cell as readable text."""
        return f"{self.benchmark} · {self.model} · {self.method} · seed {self.seed}"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Benchmark, model, method and seed, without options and versions."""
        return (self.benchmark, self.model, self.method, self.seed)


def canonical(value: Any) -> Any:
    """Convert a resolved option to its JSON form: tuples become lists.

    A cell then equals itself after a round trip through JSON.
    """
    return json.loads(json.dumps(value))
