"""A rule of the contract of an entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from baselines.registry import Entry


class BrokenRuleError(AssertionError):
    """An entry breaks a rule; the message gives the value found and the value that is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An entry whose rules are checked.

    Attributes:
        entry: The entry.
        data_root: Folder of the data sets.
        options: Options of the entry that differ from its defaults.
        plugins: Other plugin files, to which a suite may refer.
    """

    entry: Entry
    data_root: Path = field(default_factory=Path)
    options: Mapping[str, Any] = field(default_factory=dict)
    plugins: tuple[Path, ...] = ()

    @property
    def module(self) -> ModuleType:
        """The loaded module of the entry."""
        return self.entry.load()

    @property
    def option_names(self) -> set[str]:
        """Names of the entry's options."""
        return {option.name for option in self.entry.source.options}

    def config(self, **options: Any) -> Any:
        """Return the entry's ``Config`` with these options; None if it has none."""
        if not hasattr(self.module, "Config"):
            return None
        return self.module.Config(**{**self.options, **options})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a contract.

    Attributes:
        name: Its name, a few words in lower case with hyphens.
        statement: What holds for every entry of the kind, in one sentence without a period.
        way_out: What to do if it does not hold.
        function: Raises an error if the rule does not hold.
        decisive: Whether the rules after it can be checked only if it holds.
    """

    name: str
    statement: str
    way_out: str
    function: Callable[[Case], None]
    decisive: bool = False

    def check(self, case: Case) -> None:
        """Check the rule. The global generator of torch is seeded, and restored afterwards.

        Raises:
            BrokenRuleError: If the rule does not hold; other errors are those of the entry's code.
        """
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.function(case)


def rule(
    statement: str, way_out: str, *, decisive: bool = False
) -> Callable[[Callable[[Case], None]], Rule]:
    """Return a decorator that makes a rule of a function; the function's name is the rule's."""

    def decorate(function: Callable[[Case], None]) -> Rule:
        name = function.__name__.replace("_", "-")
        return Rule(
            name=name,
            statement=statement,
            way_out=way_out,
            function=function,
            decisive=decisive,
        )

    return decorate


def expect(condition: bool, detail: str) -> None:
    """Check a condition.

    Raises:
        BrokenRuleError: If it is false.
    """
    if not condition:
        raise BrokenRuleError(detail)


def expect_close(
    what: str, found: Tensor, expected: Tensor, *, relative: float = 1e-5, absolute: float = 1e-6
) -> None:
    """Check that two tensors are equal up to a tolerance.

    Args:
        what: What is compared, a noun in the plural, for the message.
        found: The tensor to check.
        expected: What it should be.
        relative: Relative tolerance.
        absolute: Absolute tolerance.

    Raises:
        BrokenRuleError: If they differ.
    """
    expect(
        found.shape == expected.shape,
        f"{what} are of shape {list(found.shape)}, expected {list(expected.shape)}",
    )
    if not torch.allclose(found, expected, rtol=relative, atol=absolute):
        largest = float((found - expected).abs().max())
        raise BrokenRuleError(f"{what} differ by up to {largest:.2g}")
