"""Protocols of a benchmark, selected by ``--protocol NAME``.

A stream's file defines published protocols (options, learning rate and models) in the literal
``PROTOCOLS``, by name. Its ``Config`` has an option ``protocol``, so the name is part of a cell's
identity. Options that the user sets override the protocol's.

Every task has the same two protocols: ``fixed``, its own number of steps, which is the default; and
``converged``, training until a stop rule fires (`strategies.sequence.convergence`): the task is
solved, half the cap has passed without an improvement, or the cap is reached. The protocol is part
of the training options in a cell's identity, and the version of the rule is one of its versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from baselines.registry import Entry, unknown
from benchmarks.planning.set_options import LEARNING_RATE_KEY
from results.errors import UsageError

FIXED, CONVERGED = "fixed", "converged"
"""Protocols of a task."""

CAP_FACTOR = 4
"""Cap of the protocol ``converged``, in units of a task's own number of steps."""

SOLVER_CAP_FACTOR = 16
"""The same for a model that solves the task according to the literature."""

SOLVERS: Mapping[str, tuple[str, ...]] = {
    "induction": ("mamba", "transformer-full"),
    "mqar": ("delta-rule", "gated-delta-rule", "transformer-full"),
    "selective-copy": ("mamba",),
}
"""Models that solve a task according to the literature.

Mamba: Gu & Dao 2023. Delta rules on associative recall: Schlag et al. 2021; Yang et al. 2024. Full
attention with rotary positions: Arora et al. 2023.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A protocol.

    Attributes:
        options: Options of the stream.
        learning_rate: Learning rate; None for that of the table.
        models: Default models; empty for those of other benchmarks.
        converged: Whether models are trained to convergence; on tasks alone.
    """

    options: Mapping[str, JsonValue] = field(default_factory=dict)
    learning_rate: float | None = None
    models: tuple[str, ...] = ()
    converged: bool = False


def protocol_of(entry: Entry, options: Mapping[str, JsonValue]) -> Protocol:
    """Return the protocol that the options name, or an empty one.

    Args:
        entry: The task or stream.
        options: Options that are set, without defaults.

    Raises:
        UsageError: If the benchmark has no such protocol.
    """
    if has_training_protocol(entry):
        name = options.get("protocol", FIXED)
        if name not in (FIXED, CONVERGED):
            raise UsageError(
                unknown(f"protocol of task '{entry.name}'", str(name), [FIXED, CONVERGED])
            )
        return Protocol(converged=name == CONVERGED)
    name = options.get("protocol", "default")
    if name == "default":
        return Protocol()
    known = entry.source.facts.get("PROTOCOLS", {})
    if name not in known:
        raise UsageError(
            unknown(f"protocol of {entry.kind} '{entry.name}'", str(name), ["default", *known])
        )
    options_of = dict(known[name])
    rate, models = options_of.pop(LEARNING_RATE_KEY, None), options_of.pop("models", ())
    return Protocol(options=options_of, learning_rate=rate, models=tuple(models))


def has_training_protocol(entry: Entry) -> bool:
    """Return whether a benchmark has the protocols of tasks, and no option ``protocol`` itself."""
    own = any(option.name == "protocol" for option in entry.source.options)
    return entry.kind == "task" and not own


def training_options(protocol: Protocol, task: str, model: str) -> dict[str, JsonValue]:
    """Return the training options of a task's protocol; empty for ``fixed``.

    Args:
        protocol: The protocol.
        task: Name of the task.
        model: Name of the model, without options.
    """
    if not protocol.converged:
        return {}
    solves = model in SOLVERS.get(task, ())
    return {"protocol": CONVERGED, "cap_factor": SOLVER_CAP_FACTOR if solves else CAP_FACTOR}
