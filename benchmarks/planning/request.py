"""A request: the options of a command that select cells."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.planning.budgets import Budgets
from benchmarks.planning.set_options import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of a command; None selects the default."""

    name: str
    models: tuple[str, ...] | None = None
    methods: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    profile: str | None = None
    settings: Settings = field(default_factory=Settings)
    data_root: Path | None = None
    budgets: Budgets = field(default_factory=Budgets)
