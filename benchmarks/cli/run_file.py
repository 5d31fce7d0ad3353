"""A run as a file: ``memnet run --config run.yaml`` and ``memnet run … --export run.yaml``.

The file is plain YAML. Its keys are the options of ``memnet run``, with ``run`` for the suite, task
or stream, and ``set`` for a mapping of options::

    run: induction
    models: [memnet, lstm]
    seeds: 0-4
    set: {steps: 40, training.learning_rate: 0.003}
    plugin: [my_model.py]

Options of the command override the file; ``--set`` overrides single keys of ``set``. Paths of
plugins and loggers are relative to the file. ``versions`` states what the file was exported with.
"""

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from baselines.option_values import spelt
from baselines.registry import unknown
from baselines.variant_names import parse_assignments
from benchmarks.planning.variant import split_names
from results.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.planning.plan import Plan

VERSIONS = "versions"
"""Key of the versions that a file was exported with. They are information only."""

LIST_KEYS = ("models", "methods", "budget", "total_budget")
"""Keys that take a text or a list of texts."""

PATH_KEYS = ("plugin", "log")
"""Keys that take a path or a list of paths; ``log`` takes names of loggers too."""

MACHINE_KEYS = ("jobs", "store", "data_root", "address")
"""Keys that fit one machine; they are read, and not exported."""

PARAMETERS: Mapping[str, str] = {
    **{"run": "name", "set": "settings"},
    **{key: key for key in (*LIST_KEYS, *PATH_KEYS, *MACHINE_KEYS)},
    **{
        key: key
        for key in (
            *("seeds", "precision", "profile", "protocol", "engine", "gpus_per_cell"),
            *("device", "timeout", "memory", "retries", "keep_weights"),
        )
    },
}
"""Keys of a file, and the parameters of the command ``memnet run``."""

EXPORTED_PACKAGES = ("memnet-bench", "torch", "numpy", "avalanche-lib")
"""Packages whose versions are exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """The content of a file.

    Attributes:
        values: Values by key; paths are absolute.
        entries: Versions of the entries with which it was exported, by their names.
    """

    values: Mapping[str, Any]
    entries: Mapping[str, str]

    def options(self) -> dict[str, Any]:
        """Return the values of the command's parameters, as a command line has them."""
        return {PARAMETERS[key]: _as_option(key, value) for key, value in self.values.items()}

    def arguments(self) -> dict[str, Any]:
        """Return the values as arguments of `benchmarks.api.run.run`."""
        renamed = {"run": "name", "set": "options", "plugin": "plugins"}
        return {
            renamed.get(key, key): list(map(str, value))
            if key in (*LIST_KEYS, *PATH_KEYS) and isinstance(value, list)
            else value
            for key, value in self.values.items()
        }


def read_run_file(path: Path) -> RunFile:
    """Read a file.

    Raises:
        UsageError: If it can't be read, is not YAML, or has an unknown key or a value of a wrong
            type.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"--config {path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"--config {path} must have lines such as 'run: quick'")
    known = (*PARAMETERS, VERSIONS)
    for key, value in content.items():
        if key not in known:
            raise UsageError(f"--config {path}: {unknown('key', str(key), known)}")
        _check_type(path, key, value)
    versions = content.pop(VERSIONS, None) or {}
    for key in PATH_KEYS:
        if key in content:
            content[key] = [_absolute(path, key, text) for text in _listed(content[key])]
    entries = versions.get("entries", {}) if isinstance(versions, dict) else {}
    return RunFile(values=content, entries={str(key): str(one) for key, one in entries.items()})


def _check_type(path: Path, key: str, value: Any) -> None:
    if key in ("set", VERSIONS):
        right, wanted = isinstance(value, dict), "a mapping"
    elif key == "keep_weights":
        right, wanted = isinstance(value, bool), "true or false"
    elif key in (*LIST_KEYS, *PATH_KEYS, "seeds"):
        listed = value if isinstance(value, list) else [value]
        right = all(isinstance(one, str | int) and not isinstance(one, bool) for one in listed)
        wanted = "a text, or a list of texts"
    else:
        right = isinstance(value, str | int | float) and not isinstance(value, bool)
        wanted = "a text or a number"
    if not right:
        raise UsageError(f"--config {path}: {key} must be {wanted}, and is {value!r}")


def _listed(value: Any) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else [str(value)]


def _absolute(path: Path, key: str, text: str) -> str:
    """Return a path relative to the file as an absolute one; names of loggers are unchanged."""
    if key == "log" and not text.endswith(".py"):
        return text
    return str((path.absolute().parent / Path(text).expanduser()).resolve())


def _as_option(key: str, value: Any) -> Any:
    if key == "set":
        return [f"{name}={spelt(one)}" for name, one in value.items()]
    if key == "seeds" and isinstance(value, list):
        return ",".join(map(str, value)) + ","
    if key in LIST_KEYS and isinstance(value, list):
        return ",".join(map(str, value))
    return value if key in (*PATH_KEYS, "keep_weights") else str(value)


def use_run_file(context: typer.Context, path: Path | None) -> Path | None:
    """Take the options that the command line does not give from a file (callback of --config)."""
    if path is not None:
        context.default_map = {**(context.default_map or {}), **read_run_file(path).options()}
    return path


def with_file(
    path: Path | None, settings: Sequence[str] | None, plugins: Sequence[Path] | None
) -> tuple[list[str], list[Path]]:
    """Return the settings and the plugins of a file, and then those of the command line."""
    options = {} if path is None else read_run_file(path).options()
    files = [*map(Path, options.get("plugin", ())), *(plugins or ())]
    return [*options.get("settings", ()), *(settings or ())], list(dict.fromkeys(files))


def given_options(context: typer.Context) -> dict[str, Any]:
    """Return the parameters that the command line or a file gives."""
    found = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name in ("COMMANDLINE", "DEFAULT_MAP"):
            found[name] = value
    return found


def write_run_file(path: Path, given: Mapping[str, Any], plan: "Plan") -> None:
    """Write a run to a file.

    Args:
        path: The file.
        given: The parameters of the command that were given, by name.
        plan: The plan that they select; its versions are noted.

    Raises:
        UsageError: If the file can't be written.
    """
    import yaml

    from results.store.store import write_whole

    content = {
        key: _exported(key, given[parameter], path)
        for key, parameter in PARAMETERS.items()
        if given.get(parameter) not in (None, []) and key not in MACHINE_KEYS
    }
    text = yaml.safe_dump(
        {**content, VERSIONS: _versions(plan)}, sort_keys=False, allow_unicode=True
    )
    try:
        write_whole(path, f"# memnet run --config {path.name}\n{text}".encode())
    except OSError as error:
        raise UsageError(f"--export {path}: {error.strerror or error}") from error


def _exported(key: str, value: Any, path: Path) -> Any:
    if key == "set":
        return {name: _value(text) for name, text in parse_assignments(value).items()}
    if key in LIST_KEYS:
        return list(split_names(value)) if key in ("models", "methods") else value.split(",")
    if key in PATH_KEYS:
        return [_relative(str(one), path) if str(one).endswith(".py") else one for one in value]
    return value


def _value(text: str) -> Any:
    """Return the value of a setting, or its text if the value would be spelt in another way."""
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    plain = isinstance(value, bool | int | float | str)
    return value if plain and spelt(value) == text else text


def _relative(text: str, path: Path) -> str:
    """Return a path relative to the folder of the file, or absolute on another drive."""
    try:
        return Path(os.path.relpath(Path(text).resolve(), path.absolute().parent)).as_posix()
    except ValueError:
        return str(Path(text).resolve())


def _versions(plan: "Plan") -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in EXPORTED_PACKAGES},
        "entries": entry_versions(plan),
    }


def entry_versions(plan: "Plan") -> dict[str, str]:
    """Return the versions of the entries of a plan, by kind and name."""
    entries = {
        f"{entry.kind} {entry.name}": entry.version
        for job in plan.jobs
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None
    }
    return dict(sorted(entries.items()))


def version_notes(path: Path | None, plan: "Plan") -> tuple[str, ...]:
    """Return a note for each entry whose version is another one than in the file."""
    if path is None:
        return ()
    today = entry_versions(plan)
    return tuple(
        f"{path.name} was exported with version {version} of {name}, and now it is {today[name]}"
        for name, version in read_run_file(path).entries.items()
        if today.get(name, version) != version
    )
