"""Published protocols of a stream: options, learning rate and models of ``--protocol NAME``.

A stream's file defines them in the literal ``PROTOCOLS``, by name. Its ``Config`` has an option
``protocol``, so the name is part of a cell's identity. Options that the user sets override the
protocol's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from baselines.registry import Entry, unknown
from benchmarks.planning.overrides import LEARNING_RATE_KEY
from results.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A protocol.

    Attributes:
        options: Options of the stream.
        learning_rate: Learning rate; None for that of the table.
        models: Default models; empty for those of other streams.
    """

    options: Mapping[str, JsonValue] = field(default_factory=dict)
    learning_rate: float | None = None
    models: tuple[str, ...] = ()


def protocol_of(entry: Entry, options: Mapping[str, JsonValue]) -> Protocol:
    """Return the protocol that the options name, or an empty one.

    Args:
        entry: The task or stream.
        options: Options that are set, without defaults.

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
    options_of = dict(known[name])
    rate, models = options_of.pop(LEARNING_RATE_KEY, None), options_of.pop("models", ())
    return Protocol(options=options_of, learning_rate=rate, models=tuple(models))
