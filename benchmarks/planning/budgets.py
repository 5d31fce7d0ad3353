"""Methods at equal bytes.

``--budget 16k,64k`` makes a variant of each method for every budget. Never imports torch.

``budget`` is an option of the methods that keep something of the past: the bytes of all that is
kept, with everything needed to use it. ``total_budget`` is none of theirs: it bounds the bytes kept
and those of the parameters together, and what it leaves to be kept is known once the model is
built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from baselines.registry import Entry, parse_variant
from benchmarks.planning.variant import Variant
from results.errors import UsageError

KEPT: Literal["budget"] = "budget"
TOTAL: Literal["total_budget"] = "total_budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Budgets to run methods at.

    Attributes:
        kept: Bytes kept of the past.
        total: Bytes of parameters and of what is kept together.
    """

    kept: tuple[int, ...] = ()
    total: tuple[int, ...] = ()

    def variants(self, text: str, entry: Entry) -> list[str]:
        """Return the variants of a method: one per budget.

        The method itself where there are no budgets, or none that it knows.
        """
        budgets = [(KEPT, bytes_) for bytes_ in self.kept] + [
            (TOTAL, bytes_) for bytes_ in self.total
        ]
        if not budgets or not takes_budget(entry):
            return [text]
        name, written = parse_variant(text)
        return [_text(name, {**written, option: str(bytes_)}) for option, bytes_ in budgets]

    def check(self, methods: Sequence[Entry]) -> list[str]:
        """Say which methods of a plan run as they are, since a budget bounds nothing of theirs.

        A line each.

        Raises:
            UsageError: If there are budgets, and not one of the methods takes them.
        """
        if not (self.kept or self.total):
            return []
        option = "--budget" if self.kept else "--total-budget"
        left = sorted({entry.name for entry in methods if not takes_budget(entry)})
        if not methods:
            raise UsageError(
                f"{option}: nothing is kept of the past in a task: leave it out, or name a stream (memnet list streams)"
            )
        if all(not takes_budget(entry) for entry in methods):
            raise UsageError(
                f"{option}: none of these methods keeps anything that it could bound: {', '.join(left)}; leave it out"
            )
        return [
            f"{name} keeps nothing that {option} could bound, and runs as it is" for name in left
        ]


def takes_budget(entry: Entry) -> bool:
    """Whether a method keeps something that can be bounded in bytes."""
    return any(option.name == KEPT for option in entry.source.options)


def without_total(text: str) -> tuple[str, int]:
    """Return a method's name without its ``total_budget``, and that in bytes, 0 if it has none.

    Raises:
        UsageError: If it is no number of bytes.
    """
    name, written = parse_variant(text)
    total = written.pop(TOTAL, "0")
    if not total.isdecimal():
        raise UsageError(f"{text}: {TOTAL} takes a number of bytes")
    return _text(name, written), int(total)


def with_total(variant: Variant, total: int) -> Variant:
    """Return a method's variant that is bounded in total; the bound stands beside its options.

    Raises:
        UsageError: If the method keeps nothing that can be bounded.
    """
    if not takes_budget(variant.entry):
        raise UsageError(
            f"method '{variant.entry.name}' has no option {KEPT}, so {TOTAL}={total} can't bound what it keeps: leave it out"
        )
    name, written = parse_variant(variant.name)
    full = _text(name, {**written, TOTAL: str(total)})
    return Variant(name=full, entry=variant.entry, config={**variant.config, TOTAL: total})


def options_and_total(config: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Part a cell's config of a method in the method's own options and the total budget, 0 if it has none."""
    options = dict(config)
    return options, int(options.pop(TOTAL, 0))


def _text(name: str, options: Mapping[str, str]) -> str:
    inside = ",".join(f"{key}={options[key]}" for key in sorted(options))
    return f"{name}[{inside}]" if inside else name
