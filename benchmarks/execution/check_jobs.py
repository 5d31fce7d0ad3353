"""Checks before a run's first cell: devices, the code of entries, their options, and data."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from baselines.plugin_modules import undeclared_modules
from baselines.registry import Entry
from benchmarks.execution.check_builds import check_builds
from benchmarks.execution.devices import usable_devices
from benchmarks.execution.entry_functions import check_functions, refusal_reason
from benchmarks.execution.run_cell import CellEnvironment, configuration
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.jobs import Job
from results.error_text import one_line
from results.errors import UsageError

REQUIRED_TASK_OPTIONS = ("steps", "batch_size", "streams")
"""Options that every task must have: the sizes of training and of evaluation."""


def check(jobs: Sequence[Job], environment: CellEnvironment) -> list[str]:
    """Check that all jobs can run here; download missing data.

    The device must exist, the code of every entry must load and accept its options, the data of
    every stream must be there, and every distinct benchmark, model and method must build.

    Returns:
        The devices that cells may run on: all of the kind if ``environment`` names only a kind.

    Raises:
        UsageError: If a job can't run, with one line that gives the way out.
    """
    devices, before = usable_devices(environment.device), frozenset(sys.modules)
    entries = {
        entry.path: entry
        for job in jobs
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None
    }
    modules = {path: load_entry(entry) for path, entry in entries.items()}
    for job in jobs:
        for part, entry in (
            ("benchmark", job.benchmark),
            ("model", job.model),
            ("method", job.method),
        ):
            if entry is not None:
                _check_options(
                    entry, modules[entry.path], options_and_total(job.cell.config[part])[0]
                )
    for path, entry in entries.items():
        if entry.kind == "stream":
            _prepare(entry, modules[path], environment.data_root)
    check_builds(jobs, modules, environment.data_root)
    _check_imports([entry for entry in entries.values() if entry.plugin], before)
    return devices


def _check_imports(plugins: Sequence[Entry], before: Collection[str]) -> None:
    """Check that plugins import the modules of their folder by statements.

    Args:
        plugins: The plugins.
        before: Names of the modules that were loaded before them.

    Raises:
        UsageError: If they do not: a change of such a module would not make new cells.
    """
    for folder in sorted({entry.path.parent for entry in plugins}):
        here = [entry for entry in plugins if entry.path.parent == folder]
        known = {path for entry in here for path in (entry.path, *entry.siblings)}
        if unknown := undeclared_modules(folder, known, before):
            names = ", ".join(path.relative_to(folder).as_posix() for path in unknown)
            raise UsageError(
                f"plugin {', '.join(entry.path.name for entry in here)} imports {names} by name at "
                "run time, so a change there would not make new cells: write an import statement, "
                "anywhere in the file"
            )


def _check_options(entry: Entry, module: ModuleType, options: Any) -> None:
    try:
        configuration(module, options)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{entry.kind} '{entry.name}' refuses its options: {one_line(error)}"
        ) from error
    except Exception as error:
        raise UsageError(
            f"Config of {entry.kind} '{entry.name}' failed: {refusal_reason(error, [entry])}"
        ) from error


def _prepare(entry: Entry, module: ModuleType, data_root: Path) -> None:
    try:
        module.prepare(data_root)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        if not entry.plugin:
            raise
        raise UsageError(
            f"prepare of {entry.kind} '{entry.name}' failed: {refusal_reason(error, [entry])}"
        ) from error


def load_entry(entry: Entry) -> ModuleType:
    """Load the module of an entry, and check its functions and options.

    Raises:
        UsageError: If it can't be loaded, or lacks a function or an option.
    """
    try:
        module = entry.load()
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{entry.kind} '{entry.name}' ({entry.path}) can't be loaded, fix the file: "
            f"{refusal_reason(error, [entry])}"
        ) from error
    check_functions(entry, module)
    _check_option_fields(entry, module)
    return module


def _check_option_fields(entry: Entry, module: ModuleType) -> None:
    """Check that an entry's file defines all of its options itself, and a task's required ones.

    Options are read from the file's text, where inherited fields are not visible.
    """
    options = {option.name for option in entry.source.options}
    config = getattr(module, "Config", None)
    inherited = (
        sorted({field.name for field in fields(config)} - options) if is_dataclass(config) else []
    )
    if inherited:
        raise UsageError(
            f"{entry.path.name}: Config inherits {', '.join(inherited)}; "
            "options are read from the file's text, so write them all out there"
        )
    missing = [
        name for name in REQUIRED_TASK_OPTIONS if entry.kind == "task" and name not in options
    ]
    if missing:
        raise UsageError(
            f"{entry.path.name}: Config has no {', '.join(missing)}; "
            f"every task has {', '.join(REQUIRED_TASK_OPTIONS)} (strategies/sequence/task.py)"
        )
