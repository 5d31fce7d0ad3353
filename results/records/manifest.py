"""What a suite is, written into the store beside its records, so that reports need no suite."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from results.records.cell import NAME

SCHEMA: Literal[5] = 5
"""Version of the manifest's form. Schema 2 added what models and methods are, 3 under which options guessing scores what is said,
4 the default options of benchmarks, 5 numbers among the options of 3, and benchmarks of which
guessing is not known; all are read. A newer one is refused by name.
"""


class Benchmark(BaseModel):
    """A benchmark as a suite's member.

    Attributes:
        name: Task or stream.
        kind: Which of the two.
        summary: One line on what it asks.
        primary: The metric that ranks models.
        chance: The primary metric's value for guessing; None where it depends on the user's data.
        chance_given: The values that an option may have for this to be so, by option; where it has
            another, the value for guessing is not known.
        defaults: Default of each option.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME)
    kind: Literal["task", "stream"]
    summary: str = ""
    primary: str
    chance: float | None = Field(ge=0, le=1)
    chance_given: dict[str, tuple[JsonValue, ...]] = {}
    defaults: dict[str, JsonValue] = {}


class Described(BaseModel):
    """A model or method, in a line.

    Attributes:
        name: As cells bear it, options of a variant included.
        summary: What it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME)
    summary: str = ""


class Planned(BaseModel):
    """A cell that the suite wants, by its identity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    benchmark: str = Field(pattern=NAME)
    model: str = Field(pattern=NAME)
    method: str = Field(pattern=NAME)
    seed: int = Field(ge=0)


class Manifest(BaseModel):
    """A planned run: its benchmarks and all its cells.

    Attributes:
        schema_version: Version of this form.
        name: Suite, task or stream that was run.
        summary: One line on what it is for.
        benchmarks: Its members.
        models: What its models are.
        methods: What its methods are.
        cells: What was planned, finished or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1, 2, 3, 4, 5] = Field(default=SCHEMA, alias="schema")
    name: str = Field(pattern=NAME)
    summary: str = ""
    benchmarks: tuple[Benchmark, ...]
    models: tuple[Described, ...] = ()
    methods: tuple[Described, ...] = ()
    cells: tuple[Planned, ...]
