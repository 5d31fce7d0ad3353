"""A published protocol of a stream.

The options, the learning rate and the models that ``--protocol NAME`` stands for.

A stream's file writes them down in the literal `PROTOCOLS`, by name; its ``Config`` has an option
``protocol``, so that the name is part of what a cell is. What is set beside the protocol has the
last word, and shows in the cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from baselines.registry import Entry, unknown
from results.errors import UsageError

RATE = "training.learning_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What a protocol stands for.

    Attributes:
        options: Options of the stream.
        learning_rate: None for that of the table.
        models: Models that run where none are named; none for the usual ones.
    """

    options: Mapping[str, JsonValue] = field(default_factory=dict)
    learning_rate: float | None = None
    models: tuple[str, ...] = ()


def protocol_of(entry: Entry, options: Mapping[str, JsonValue]) -> Protocol:
    """Return the protocol that the options name; an empty one where they name none.

    Args:
        entry: The task or stream.
        options: Options as they are set, before defaults.

    Raises:
        UsageError: If the stream has no such protocol.
    """
    name = options.get("protocol", "default")
    if name == "default":
        return Protocol()
    known = entry.source.facts.get("PROTOCOLS", {})
    if name not in known:
        raise UsageError(
            unknown(f"protocol of {entry.kind} '{entry.name}'", str(name), ["default", *known])
        )
    told = dict(known[name])
    rate, models = told.pop(RATE, None), told.pop("models", ())
    return Protocol(options=told, learning_rate=rate, models=tuple(models))
