"""The commands that make records again.

A record holds all its options, and a command names those that are not the benchmark's defaults, as far as a manifest says what these are;
and the learning rate, since a later table may hold another.
"""

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from reports.selection import Selection
from results.cell import SUPERVISED, Cell
from results.manifest import Manifest
from results.record import Record

Defaults = Mapping[str, Mapping[str, JsonValue]]
"""Default of each option, by benchmark."""


def commands(selection: Selection) -> list[str]:
    """Write the commands that plan the same cells again: one per suite, then what was run task by task or stream by stream."""
    suites = [one for one in selection.manifests if one.cells and one.name not in {member.name for member in one.benchmarks}]
    covered = {cell.id for suite in suites for cell in suite.cells}
    single = [record for record in selection.records if record.id not in covered]
    return [_of_suite(suite) for suite in suites] + again(single, defaults(selection))


def defaults(selection: Selection) -> Defaults:
    """Return what the manifests say of defaults."""
    return {member.name: member.defaults for manifest in selection.manifests for member in manifest.benchmarks if member.defaults}


def again(records: Iterable[Record], known: Defaults) -> list[str]:
    """Write the commands that run these records' cells again: one per benchmark, options, methods and seeds.

    Args:
        records: Records of tasks and streams.
        known: Default options by benchmark; of one that is not there, all options are written.
    """
    asked: dict[tuple[str, tuple[str, ...]], list[Record]] = defaultdict(list)
    for record in records:
        asked[record.cell.benchmark, settings(record, known.get(record.cell.benchmark, {}))].append(record)
    return [line for (benchmark, options), group in asked.items() for line in _alike(benchmark, options, [record.cell for record in group])]


def settings(record: Record, known: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the arguments that set a record's options: those of its benchmark that are no defaults, its learning rate, its precision."""
    config = record.cell.config
    chosen = {key: value for key, value in config.get("benchmark", {}).items() if key not in known or known[key] != value}
    training = config.get("training", {})
    if "learning_rate" in training:
        chosen["training.learning_rate"] = training["learning_rate"]
    arguments = [part for key, value in chosen.items() for part in ("--set", f"{key}={_text(value)}")]
    return (*arguments, "--precision", str(training["precision"])) if "precision" in training else tuple(arguments)


def seed_text(seeds: Iterable[int]) -> str:
    """Write seeds as the command takes them: a range, or a list that ends in a comma where it holds one seed alone."""
    ordered = sorted(seeds)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered)) + ("," if len(ordered) == 1 else "")


def _alike(benchmark: str, options: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """Write one command for all models that share methods and seeds."""
    seeds: dict[tuple[str, str], set[int]] = defaultdict(set)
    for cell in cells:
        seeds[cell.model, cell.method].add(cell.seed)
    methods: dict[tuple[str, frozenset[int]], list[str]] = defaultdict(list)
    for (model, method), its in seeds.items():
        methods[model, frozenset(its)].append(method)
    models: dict[tuple[tuple[str, ...], frozenset[int]], list[str]] = defaultdict(list)
    for (model, shared), names in methods.items():
        models[tuple(sorted(set(names) - {SUPERVISED})), shared].append(model)
    return [_command(benchmark, names, learnt, shared, options) for (learnt, shared), names in models.items()]


def _of_suite(suite: Manifest) -> str:
    streams = {member.name for member in suite.benchmarks if member.kind == "stream"}
    methods = [cell.method for cell in suite.cells if cell.benchmark in streams]
    return _command(suite.name, [cell.model for cell in suite.cells], methods, [cell.seed for cell in suite.cells])


def _command(name: str, models: Iterable[str], methods: Iterable[str], seeds: Iterable[int], options: Sequence[str] = ()) -> str:
    """Write one command; each name once, and no methods on tasks."""
    parts = ["memnet", "run", name, "--models", _joined(models)]
    joined = _joined(methods)
    if joined:
        parts += ["--methods", joined]
    return shlex.join([*parts, "--seeds", seed_text(set(seeds)), *options])


def _joined(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)
