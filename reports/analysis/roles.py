"""Roles and titles of rows: what competes in a table, and what is shown apart from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from results.records.manifest import Described, Manifest
from results.records.roles import ENTRY_ROLES, Role, split_budget

PRECEDENCE: tuple[Role, ...] = ("ablation", "size", "bound", "control", "budget", "reference")
"""The role of a row on a stream is the first of these that its model or its method has."""

COMPARED: frozenset[Role] = frozenset({"reference", "control", "bound"})
"""Roles of rows that a leaderboard shows; the others are variants of these rows."""

COMPETING: tuple[Role, ...] = ("reference", "budget")
"""Roles of rows that compete; a stream's methods may have results at given budgets only."""

Kind = Literal["model", "method"]


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Roles and titles of models and methods, from manifests.

    Attributes:
        roles: By kind and name.
        titles: Of entries, by kind and name without options.
    """

    roles: dict[tuple[Kind, str], Role] = field(default_factory=dict)
    titles: dict[tuple[Kind, str], str] = field(default_factory=dict)

    def role(self, model: str, method: str, on_stream: bool) -> Role:
        """Return the role of a row.

        Args:
            model: The model's name.
            method: The method's name.
            on_stream: Whether the row is one of a stream; on a task only the model counts.
        """
        found = {self._of("model", model)} | ({self._of("method", method)} if on_stream else set())
        return next(role for role in PRECEDENCE if role in found)

    def title(self, kind: Kind, name: str) -> str:
        """Return an entry's name for people, with the options of a variant spelt out.

        An entry without a title has its own name.
        """
        base, _, options = _unrated(name).partition("[")
        shown = self.titles.get((kind, base)) or base
        return f"{shown}, {options.removesuffix(']').replace(',', ', ')}" if options else shown

    def _of(self, kind: Kind, name: str) -> Role:
        """Return a role; a manifest may state none, or be older than the role of its entry.

        A control stays a control, and a bound a bound, at any budget and with any undeclared
        option. Without a manifest, other names with options are those of budgets or ablations.
        """
        plain = _unrated(name)
        base = plain.partition("[")[0]
        declared = self.roles.get((kind, plain))
        entry = self.roles.get((kind, base)) or ENTRY_ROLES.get((kind, base), "reference")
        if entry in ("control", "bound") and declared in (None, "budget", "reference"):
            return entry
        if declared is not None:
            return declared
        without, budget = split_budget(plain)
        if "[" not in without:
            return "reference" if budget is None else "budget"
        return "ablation"


def descriptions(manifests: Sequence[Manifest]) -> Descriptions:
    """Collect the roles and titles of all manifests; the first that has a name counts."""
    found = Descriptions()
    for manifest in manifests:
        kinds: tuple[tuple[Kind, Sequence[Described]], ...] = (
            ("model", manifest.models),
            ("method", manifest.methods),
        )
        for kind, described in kinds:
            for one in described:
                if one.role is not None:
                    found.roles.setdefault((kind, one.name), one.role)
                if one.title:
                    found.titles.setdefault((kind, one.name.partition("[")[0]), one.title)
    return found


def _unrated(name: str) -> str:
    """Return a model's name without the learning rate that distinguishes two rows."""
    return name.partition(" (")[0]
