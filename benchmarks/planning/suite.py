"""A suite: a set of benchmarks × models × methods × seeds.

A suite's file defines one as ``SUITE``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from results.records.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One benchmark with the models that run on it.

    Several members may have the same benchmark, with the same options in each.

    Attributes:
        benchmark: Name of a task or stream.
        models: Names of models, or of variants (``memnet[hebbian=false]``).
        methods: Names of methods, on a stream; empty on a task.
        options: Options of the benchmark that differ from its defaults.
        total_budgets: Total budgets in bytes: a variant of each method with a memory for each of
            them, with the networks that fit (`benchmarks.execution.total_budgets`).
        seeds: Its seeds; the suite's if empty.
        role: Role of the variants among the models and methods, such as ``"ablation"`` or
            ``"size"``; None infers it (`benchmarks.planning.roles`).
    """

    benchmark: str
    models: tuple[str, ...]
    methods: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    total_budgets: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    role: Role | None = None

    def __post_init__(self) -> None:
        """Refuse a string in place of a tuple of names, and an unknown role."""
        if self.role is not None and self.role not in get_args(Role):
            raise ValueError(f"role = {self.role!r} must be one of {', '.join(get_args(Role))}")
        for field_name in ("models", "methods"):
            names = getattr(self, field_name)
            if isinstance(names, str):
                raise TypeError(f'{field_name} = "{names}" must be a tuple of names: ("{names}",)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The members of a suite and their seeds.

    Attributes:
        members: The members.
        seeds: The seeds of each member that has none of its own.
        profiles: Other sizes of the same suite, by name: ``memnet run NAME --profile small``.
    """

    members: tuple[Member, ...]
    seeds: tuple[int, ...]
    profiles: Mapping[str, "Suite"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a suite without members or seeds."""
        if not self.members or not self.seeds:
            raise ValueError("a suite needs at least one member and one seed")
