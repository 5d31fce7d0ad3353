"""What a suite is: a named set of benchmarks × models × methods × seeds.

Suite files hold nothing but one of these, called ``SUITE``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One benchmark with the models that run on it.

    It may stand in several members, with the same options in each.

    Attributes:
        benchmark: Name of a task or stream.
        models: Names of models, or of variants (``memnet[hebbian=false]``).
        methods: How they learn, on a stream; empty on a task.
        options: Options of the benchmark that differ from its defaults.
    """

    benchmark: str
    models: tuple[str, ...]
    methods: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a name where names are wanted."""
        for field_name in ("models", "methods"):
            names = getattr(self, field_name)
            if isinstance(names, str):
                raise TypeError(f'{field_name} = "{names}" must be a tuple of names: ("{names}",)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The members of a suite and the seeds that each of them runs with.

    Attributes:
        members: What is run.
        seeds: With which seeds.
        profiles: Other sizes of the same suite, by name: ``memnet run NAME --profile small``.
    """

    members: tuple[Member, ...]
    seeds: tuple[int, ...]
    profiles: Mapping[str, "Suite"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what runs nothing."""
        if not self.members or not self.seeds:
            raise ValueError("a suite needs members and seeds, at least one of each")
