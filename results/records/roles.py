"""Roles of models and methods in a comparison. No pydantic here: suites use them when listed."""

from collections.abc import Mapping
from typing import Literal

Role = Literal["reference", "control", "bound", "ablation", "size", "budget"]
"""Role of a model or method in a comparison.

A *reference* competes. A *control* tests whether a benchmark needs more than a simple rule. A
*bound* is an upper or lower limit. An *ablation* is a variant with a mechanism switched
off or changed, a *size* a variant of another size, and *budget* a method at one of several memory
budgets.
"""

BUDGETS = ("total_budget", "budget")
"""Options of a method that bound its memory; the first counts if a name has both."""

ENTRY_ROLES: Mapping[tuple[Literal["model", "method"], str], Role] = {
    ("model", "bigram"): "control",
    ("model", "key-value-store"): "control",
    ("model", "token-memory"): "control",
    ("method", "er-encoder"): "control",
    ("method", "ridge-slots"): "control",
    ("method", "naive"): "bound",
    ("method", "cumulative"): "bound",
    ("method", "joint"): "bound",
}
"""Roles of the project's own controls and bounds, for manifests that state none.

Manifests before schema 6 state no roles, and those of stores may be missing. Entries that are not
named here are references.
"""


def split_budget(method: str) -> tuple[str, str | None]:
    """Split a method's name into the name without a budget, and the budget.

    ``er[budget=9000,form=raw]`` is ``er[form=raw]`` and ``budget=9000``.

    Returns:
        The name and the budget, as an option with its value; None without one.
    """
    base, _, text = method.partition("[")
    options = [option for option in text.removesuffix("]").split(",") if option]
    found = {option.partition("=")[0]: option for option in options}
    budget = next((found[name] for name in BUDGETS if name in found), None)
    rest = ",".join(option for option in options if option.partition("=")[0] not in BUDGETS)
    return (f"{base}[{rest}]" if rest else base), budget
