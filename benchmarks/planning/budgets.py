"""Methods at equal memory bytes: ``--budget 16k,64k`` makes one variant per method and budget.

Methods with a memory have the option ``budget``: the bytes of everything stored of the past,
including what is needed to use it. ``total_budget`` is not an option of a method: it bounds the
memory bytes and the bytes of the parameters that no seed regenerates together. The share of the
memory is known once the model is built (`benchmarks.execution.total_budgets`). This module never
imports torch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from baselines.registry import Entry
from baselines.variant_names import parse_variant
from benchmarks.planning.variant import Variant
from results.errors import UsageError

STORED: Literal["budget"] = "budget"
TOTAL: Literal["total_budget"] = "total_budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Budgets of the methods, in bytes.

    Attributes:
        stored: Memory bytes.
        total: Memory bytes and parameter bytes together.
    """

    stored: tuple[int, ...] = ()
    total: tuple[int, ...] = ()

    @property
    def given(self) -> bool:
        """Whether there is a budget."""
        return bool(self.stored or self.total)

    def variants(self, text: str, entry: Entry) -> list[str]:
        """Return the variants of a method: one per budget.

        Without budgets, or if the method has no such option, return the method itself.
        """
        budgets = [(STORED, bytes_) for bytes_ in self.stored] + [
            (TOTAL, bytes_) for bytes_ in self.total
        ]
        if not budgets or not takes_budget(entry):
            return [text]
        name, written = parse_variant(text)
        return [_text(name, {**written, option: str(bytes_)}) for option, bytes_ in budgets]

    def check(self, methods: Sequence[Entry]) -> list[str]:
        """Return a note for each method of a plan that ignores the budgets.

        Raises:
            UsageError: If there are budgets and no method supports them.
        """
        if not self.given:
            return []
        option = "--budget" if self.stored else "--total-budget"
        without = sorted({entry.name for entry in methods if not takes_budget(entry)})
        if not methods:
            raise UsageError(
                f"{option} is for the methods of streams, not for tasks: leave it out, or name a "
                "stream (memnet list streams)"
            )
        if all(not takes_budget(entry) for entry in methods):
            raise UsageError(
                f"{option}: no selected method has a memory to bound: {', '.join(without)}; "
                "leave it out"
            )
        return [f"{name} has no memory, so {option} does not apply to it" for name in without]


def takes_budget(entry: Entry) -> bool:
    """Return whether a method has a memory that can be bounded in bytes."""
    return any(option.name == STORED for option in entry.source.options)


def without_total(text: str) -> tuple[str, int]:
    """Return a method's name without its ``total_budget``, and the budget in bytes (0 if none).

    Raises:
        UsageError: If the budget is not a number of bytes.
    """
    name, written = parse_variant(text)
    total = written.pop(TOTAL, "0")
    if not re.fullmatch("[0-9]+", total) or (TOTAL in parse_variant(text)[1] and not int(total)):
        raise UsageError(f"{text}: {TOTAL} takes a number of bytes, at least 1")
    return _text(name, written), int(total)


def with_total(variant: Variant, total: int) -> Variant:
    """Return a method's variant with a total budget, which is added to its options.

    Raises:
        UsageError: If the method has no memory that can be bounded.
    """
    if not takes_budget(variant.entry):
        raise UsageError(
            f"method '{variant.entry.name}' has no option {STORED}, so {TOTAL}={total} can't bound "
            "its memory: leave it out"
        )
    name, written = parse_variant(variant.name)
    full = _text(name, {**written, TOTAL: str(total)})
    return Variant(name=full, entry=variant.entry, config={**variant.config, TOTAL: total})


def options_and_total(config: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Split a cell's method config into the method's options and the total budget (0 if none)."""
    options = dict(config)
    return options, int(options.pop(TOTAL, 0))


def _text(name: str, options: Mapping[str, str]) -> str:
    inside = ",".join(f"{key}={options[key]}" for key in sorted(options))
    return f"{name}[{inside}]" if inside else name
