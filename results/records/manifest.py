"""The manifest of a suite, stored with the records so that reports need no suite."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from results.errors import Damaged, Newer
from results.records.cell import NAME_PATTERN
from results.records.record import schema_of
from results.records.roles import Role

MANIFEST_SCHEMA: Literal[6] = 6
"""Version of the manifest's schema.

Schema 2 added the summaries of models and methods, 3 the options for which the chance level holds,
4 the default options of benchmarks, 5 numbers among the options of 3 and benchmarks without a known
chance level, 6 titles, the roles of models and methods, and the version of a suite. All are read; a
newer schema is an error.
"""


class Benchmark(BaseModel):
    """A benchmark as a suite's member.

    Attributes:
        name: Task or stream.
        kind: ``task`` or ``stream``.
        title: Name for people; empty before schema 6.
        summary: One line on what it measures.
        primary: The metric that ranks models.
        chance: The primary metric's value for guessing; None if it depends on the user's data.
        chance_given: For each option, the values for which ``chance`` holds; with other values the
            chance level is unknown.
        defaults: Default of each option.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME_PATTERN)
    kind: Literal["task", "stream"]
    title: str = ""
    summary: str = ""
    primary: str
    chance: float | None = Field(ge=0, le=1)
    chance_given: dict[str, tuple[JsonValue, ...]] = {}
    defaults: dict[str, JsonValue] = {}


class Described(BaseModel):
    """A model or method with its summary.

    Attributes:
        name: Name in cells, including the options of a variant.
        title: Name of the entry for people, without the options of a variant; empty before schema
            6.
        summary: One line that describes it.
        role: Its role; None before schema 6.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME_PATTERN)
    title: str = ""
    summary: str = ""
    role: Role | None = None


class Planned(BaseModel):
    """A cell of the suite, without its options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    benchmark: str = Field(pattern=NAME_PATTERN)
    model: str = Field(pattern=NAME_PATTERN)
    method: str = Field(pattern=NAME_PATTERN)
    seed: int = Field(ge=0)


class Manifest(BaseModel):
    """A planned run: its benchmarks and all its cells.

    Attributes:
        schema_version: Version of the schema.
        name: Suite, task or stream that was run.
        version: Version of the suite; None for a task or stream, and before schema 6.
        title: Name for people; empty before schema 6.
        summary: One line on its purpose.
        benchmarks: Its benchmarks.
        models: Its models, with summaries.
        methods: Its methods, with summaries.
        cells: All planned cells, finished or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1, 2, 3, 4, 5, 6] = Field(default=MANIFEST_SCHEMA, alias="schema")
    name: str = Field(pattern=NAME_PATTERN)
    version: str | None = None
    title: str = ""
    summary: str = ""
    benchmarks: tuple[Benchmark, ...]
    models: tuple[Described, ...] = ()
    methods: tuple[Described, ...] = ()
    cells: tuple[Planned, ...]


def parse_manifest(raw: bytes) -> Manifest:
    """Read a manifest of this schema or an older one.

    Raises:
        Damaged: If the manifest is invalid; the message is one line with the reason.
        Newer: If its schema is newer than this version.
    """
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        schema = schema_of(raw)
        if schema is not None and schema > MANIFEST_SCHEMA:
            raise Newer(
                f"the manifest has schema {schema}, and this version reads up to "
                f"{MANIFEST_SCHEMA}: install a newer memnet-bench"
            ) from error
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "manifest"
        raise Damaged(f"the manifest is damaged: {where}: {first['msg']}") from error
