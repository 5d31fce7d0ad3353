"""Commands that plan the cells of records again, and no others.

A record contains all its options. A command contains the options that differ from the benchmark's
defaults in the manifest, or all options without a manifest. It always contains the learning rate,
since a later table may have another one. There is a command per benchmark rather than per suite:
neither records nor manifests contain a suite's profile and options, and each member has models of
its own.
"""

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from reports.analysis.selection import Selection
from reports.analysis.training_options import Defaults, defaults
from results.records.cell import SUPERVISED, Cell
from results.records.record import Record

SHORT_DIGEST = re.compile(r"[0-9a-f]{12}")
"""The version of a file that states none, such as most files given by ``--plugin``.

It is a digest of the file's content.
"""


def commands(selection: Selection) -> list[str]:
    """Return the commands that plan the shown cells again.

    They cover all records, and cells without a record whose options are known.
    """
    return _commands(
        [*(record.cell for record in selection.records), *_pending(selection)], defaults(selection)
    )


def script(selection: Selection) -> str:
    """Return a shell script with all commands; it ends at the first that fails."""
    lines = [
        "#!/bin/sh",
        "# Runs the cells of this report again, in the store of MEMNET_STORE or in runs.",
        *(f"# {' '.join(note.split())}" for note in notes(selection)),
        "set -e",
        *commands(selection),
        "memnet report",
    ]
    return "".join(f"{line}\n" for line in lines)


def notes(selection: Selection) -> list[str]:
    """Return notes on the commands: the user's own files, and cells that are not covered."""
    cells = [record.cell for record in selection.records]
    unknown = selection.missing - len(_pending(selection))
    left_out = (
        f"Not covered: {unknown} planned cell{'s' if unknown != 1 else ''} without a record. "
        "Only records contain options, so repeat the command that planned them."
    )
    return [note for note in (plugin_note(cells), left_out if unknown else "") if note]


def plugin_note(cells: Iterable[Cell]) -> str:
    """Return a note on the user's own files that the commands of these cells name, if any."""
    files = sorted({file for cell in cells for file in _plugins(cell)})
    if not files:
        return ""
    return (
        f"Each file after --plugin ({', '.join(files)}) is one of your own: write its path. "
        "Records contain its name and a digest of its content, so a changed file makes other "
        "cells. An entry of an installed package needs no --plugin."
    )


def rerun_commands(records: Iterable[Record], known: Defaults) -> list[str]:
    """Return commands that run these records' cells again.

    There is one per benchmark, options, methods and seeds.

    Args:
        records: Records of tasks and streams.
        known: Default options by benchmark; without them, all options are written.
    """
    return _commands([record.cell for record in records], known)


def option_arguments(cell: Cell, known: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return a cell's arguments.

    These are options that differ from the defaults, learning rate, precision, and the user's files.
    """
    config = cell.config
    if config.get("benchmark", {}).get("protocol", "default") != "default":
        known = {}  # a protocol has its own defaults, which manifests do not contain
    chosen = {
        key: value
        for key, value in config.get("benchmark", {}).items()
        if key not in known or known[key] != value
    }
    training = config.get("training", {})
    if "learning_rate" in training:
        chosen["training.learning_rate"] = training["learning_rate"]
    arguments = [
        part for key, value in chosen.items() for part in ("--set", f"{key}={_text(value)}")
    ]
    if "precision" in training:
        arguments += ["--precision", str(training["precision"])]
    if "protocol" in training:
        arguments += ["--protocol", str(training["protocol"])]
    return (*arguments, *(part for file in _plugins(cell) for part in ("--plugin", file)))


def seed_text(seeds: Iterable[int]) -> str:
    """Return seeds as the command expects them.

    They are a range or a list; a list of one seed ends with a comma.
    """
    ordered = sorted(seeds)
    if len(ordered) > 1 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered)) + ("," if len(ordered) == 1 else "")


def _commands(cells: Iterable[Cell], known: Defaults) -> list[str]:
    groups: dict[tuple[str, tuple[str, ...]], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.benchmark, option_arguments(cell, known.get(cell.benchmark, {}))].append(cell)
    return [
        line
        for (benchmark, options), group in groups.items()
        for line in _grouped_commands(benchmark, options, group)
    ]


def _pending(selection: Selection) -> list[Cell]:
    """Restore planned cells without a record from another seed of their row.

    A cell counts as restored if the options of that seed give the planned id.
    """
    rows: dict[tuple[str, str, str], dict[str, Cell]] = defaultdict(dict)
    for record in selection.records if selection.missing else ():
        cell = record.cell
        rows[cell.benchmark, cell.model, cell.method][cell.setting] = cell
    run = {record.id for record in selection.records}
    found: dict[str, Cell] = {}
    for planned in (
        one for manifest in selection.manifests for one in manifest.cells if one.id not in run
    ):
        for cell in rows[planned.benchmark, planned.model, planned.method].values():
            restored = cell.model_copy(update={"seed": planned.seed})
            if restored.id == planned.id:
                found[planned.id] = restored
    return list(found.values())


def _plugins(cell: Cell) -> tuple[str, ...]:
    """Return the files of entries that are not ours. Records do not contain their folders.

    The file of an entry ``two-speed`` is ``two_speed.py``, as a module's is.
    """
    names = {"benchmark": cell.benchmark, "model": cell.model, "method": cell.method}
    own = [
        name.partition("[")[0]
        for part, name in names.items()
        if SHORT_DIGEST.fullmatch(cell.version.get(part, ""))
    ]
    return tuple(f"{name.replace('-', '_')}.py" for name in dict.fromkeys(own))


def _grouped_commands(benchmark: str, options: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """Return one command for all models that share methods and seeds."""
    seeds: dict[tuple[str, str], set[int]] = defaultdict(set)
    for cell in cells:
        seeds[cell.model, cell.method].add(cell.seed)
    methods: dict[tuple[str, frozenset[int]], list[str]] = defaultdict(list)
    for (model, method), cell_seeds in seeds.items():
        methods[model, frozenset(cell_seeds)].append(method)
    models: dict[tuple[tuple[str, ...], frozenset[int]], list[str]] = defaultdict(list)
    for (model, shared), names in methods.items():
        models[tuple(sorted(set(names) - {SUPERVISED})), shared].append(model)
    return [
        _command(benchmark, names, method_names, shared, options)
        for (method_names, shared), names in models.items()
    ]


def _command(
    name: str,
    models: Iterable[str],
    methods: Iterable[str],
    seeds: Iterable[int],
    options: Sequence[str] = (),
) -> str:
    """Return one command, with each name once and no methods on tasks."""
    parts = ["memnet", "run", name, "--models", _joined(models)]
    joined = _joined(methods)
    if joined:
        parts += ["--methods", joined]
    return shlex.join([*parts, "--seeds", seed_text(set(seeds)), *options])


def _joined(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)
