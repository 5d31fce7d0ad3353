"""The versions of a cell's components, which are part of its identity. Never imports torch."""

from collections.abc import Mapping
from functools import cache

from pydantic import JsonValue

from baselines.entry_source import module_path, read_source
from baselines.registry import Entry, Kind
from benchmarks.planning.protocol import CONVERGED

TRAINING_MODULES: Mapping[Kind, str] = {
    "task": "strategies.sequence.train",
    "stream": "strategies.continual.train",
}
"""Module of the training loop of each kind of benchmark.

Its ``VERSION`` is part of a cell's identity.
"""

STOP_RULE, STOP_RULE_MODULE = "stop_rule", "strategies.sequence.convergence"
"""Part of the version of cells that are trained to convergence, and the module that holds it."""


@cache
def training_version(kind: Kind) -> str:
    """Return the version of the training loop of a kind of benchmark."""
    return str(read_source(module_path(TRAINING_MODULES[kind])).facts["VERSION"])


@cache
def stop_rule_version() -> str:
    """Return the version of the rule that ends a training to convergence."""
    return str(read_source(module_path(STOP_RULE_MODULE)).facts["VERSION"])


def versions(
    benchmark: Entry,
    model: Entry,
    method: Entry | None,
    training: Mapping[str, JsonValue] | None = None,
) -> dict[str, str]:
    """Return the versions of a cell's components, and the digest of a published data set.

    Args:
        benchmark: The task or stream.
        model: The model.
        method: The method; None on a task.
        training: The cell's training options; None for those of the default protocol.
    """
    found = {
        "benchmark": benchmark.version,
        "model": model.version,
        "training": training_version(benchmark.kind),
    }
    if method is not None:
        found["method"] = method.version
    if "DIGEST" in benchmark.source.facts:
        found["data"] = str(benchmark.source.facts["DIGEST"])
    if benchmark.kind == "task" and (training or {}).get("protocol") == CONVERGED:
        found[STOP_RULE] = stop_rule_version()
    return found
