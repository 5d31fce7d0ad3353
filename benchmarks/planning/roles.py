"""Roles of models and methods in a comparison, for the manifest.

Leaderboards rank references, controls and bounds; variants have pages of their own.
"""

from typing import Any

from baselines.registry import Entry
from benchmarks.planning.budgets import STORED, TOTAL
from benchmarks.planning.variant import Variant
from results.records.cell import canonical
from results.records.roles import Role


def role_of(variant: Variant, declared: Role | None = None) -> Role:
    """Return the role of a model or method.

    An entry without options in brackets has its own role (`baselines.registry.Entry.role`). A
    variant that differs only in its memory budget is one of a sweep of budgets, but at any budget a
    control stays a control and a bound a bound. Other variants have the role that the suite
    declares; no declaration makes a control or bound a reference. Without a declaration, a variant
    of a control or bound has that role, and a variant of a reference is a size if all changed
    options are nonzero integers, else an ablation.

    Args:
        variant: The model or method.
        declared: The role that the suite's member declares for its variants.
    """
    entry = variant.entry
    if variant.name == entry.name:
        return entry.role
    defaults = canonical(entry.configure())
    changed = {
        option: value
        for option, value in variant.config.items()
        if option not in defaults or value != defaults[option]
    }
    if changed.keys() <= {STORED, TOTAL}:
        return at_budget(entry)
    if declared is not None and declared != "reference":
        return declared
    if declared is not None or entry.role != "reference":
        return entry.role
    return "size" if all(map(_is_size, changed.values())) else "ablation"


def at_budget(entry: Entry) -> Role:
    """Return the role of an entry at one of several memory budgets."""
    return "budget" if entry.role == "reference" else entry.role


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value != 0
