"""The functions that an entry's file must have, and the plugin's line at which an error arose."""

import importlib
import inspect
import os
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from baselines.registry import Entry, Kind
from results.error_text import one_line
from results.errors import UsageError

TRACEBACK = "MEMNET_TRACEBACK"
"""Environment variable: if it is set, a refusal before the run has a traceback."""

REQUIRED_FUNCTIONS: Mapping[Kind, Mapping[str, str]] = {
    "model": {"build": "config, signature"},
    "method": {"build": "config, *, model, stream, learning_rate, seed, device"},
    "task": {"build": "config"},
    "stream": {"build": "config, *, seed, data_root", "prepare": "data_root"},
}
"""The functions of each kind, with their arguments."""

BUILT_TYPES: Mapping[Kind, str] = {
    "model": "baselines.interface.SequenceModel",
    "method": "strategies.continual.strategy.ContinualStrategy",
    "task": "strategies.sequence.task.SequenceTask",
    "stream": "strategies.continual.stream.Stream",
}
"""The type that ``build`` of each kind returns."""


def check_functions(entry: Entry, module: ModuleType) -> None:
    """Check that an entry's module has the required functions, with the required arguments.

    Raises:
        UsageError: If a function is missing or does not accept the arguments.
    """
    for name, arguments in REQUIRED_FUNCTIONS[entry.kind].items():
        function = getattr(module, name, None)
        if not callable(function):
            raise UsageError(
                f"{entry.path.name} has no function {name}({arguments}), "
                f"which a {entry.kind} must have"
            )
        positional, _, keywords = arguments.partition(", *, ")
        signature = inspect.signature(function)
        try:
            signature.bind(
                *positional.split(", "), **{key: None for key in keywords.split(", ") if key}
            )
        except TypeError as error:
            raise UsageError(
                f"{entry.path.name}: {name}{signature} must accept ({arguments}): {error}"
            ) from error


def build(entry: Entry, *arguments: Any, **options: Any) -> Any:
    """Call ``build`` of an entry's module.

    Raises:
        UsageError: If it does not return an object of the kind, or returns a model with
            uninitialised parameters.
    """
    module, _, name = BUILT_TYPES[entry.kind].rpartition(".")
    built = entry.load().build(*arguments, **options)
    if not isinstance(built, getattr(importlib.import_module(module), name)):
        found = "None" if built is None else f"a {type(built).__name__}"
        raise UsageError(
            f"{entry.path.name}: build({REQUIRED_FUNCTIONS[entry.kind]['build']}) must return a "
            f"{name}, it returned {found}"
        )
    if entry.kind == "model":
        _check_initialised(entry, built)
    return built


def _check_initialised(entry: Entry, model: Any) -> None:
    """Check that a model has no parameters whose sizes are unknown until it first runs.

    Raises:
        UsageError: If it has.
    """
    from torch.nn.parameter import is_lazy

    tensors = (*model.named_parameters(), *model.named_buffers())
    if lazy := [name for name, tensor in tensors if is_lazy(tensor)]:
        raise UsageError(
            f"{entry.path.name}: {lazy[0]} is a lazy parameter, without a size: give it the size "
            "that follows from the signature, or run the model once in build"
        )


def refusal_reason(error: BaseException, entries: Iterable[Entry | None]) -> str:
    """Return one line on an error before the run; for a plugin's, with its line and the way on."""
    line = plugin_line(error, entries)
    hint = f"; {TRACEBACK}=1 in the environment shows the traceback" if line else ""
    name, reason = type(error).__name__, one_line(error)
    shown = name if reason == name else f"{name}: {reason}"
    return " ".join(f"{shown}{line}{hint}".split())


def refusal_traceback(error: UsageError) -> str:
    """Return the traceback of what a refusal was raised from, if the user wants to see it."""
    if not os.environ.get(TRACEBACK) or error.__cause__ is None:
        return ""
    return "".join(traceback.format_exception(error.__cause__))


def plugin_line(error: BaseException, entries: Iterable[Entry | None]) -> str:
    """Return the last line of a plugin that an error passed through, in brackets; else nothing."""
    files = {
        str(file)
        for entry in entries
        if entry is not None and entry.plugin
        for file in (entry.path, *entry.siblings)
    }
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            function = "" if frame.name == "<module>" else f", in {frame.name}"
            return f" ({Path(frame.filename).name}, line {frame.lineno}{function})"
    return ""
