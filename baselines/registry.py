"""One registry for models, methods, tasks, streams and suites.

A built-in entry is a file in its kind's folder, and the file's name is the entry's name
(``delayed_recall.py`` is ``delayed-recall``). Third parties add entries by an entry point (group
``memnet.models``, ``memnet.tasks``, …, naming a module) or by ``--plugin FILE.py``, a file of the
same form with a line ``KIND = "model"``. Nothing is imported before :meth:`Entry.load`.
"""

import difflib
import hashlib
import importlib
import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast, get_args

from baselines.entry_source import Source, module_path, read_source
from baselines.option_values import convert
from baselines.plugin_modules import load_plugin
from baselines.siblings import content_digest, sibling_files
from results.errors import UsageError

Kind = Literal["model", "method", "task", "stream", "suite"]
ENTRY_KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["reference", "control", "bound"]

FOLDERS: Mapping[Kind, tuple[str, ...]] = {
    "model": ("baselines.models", "baselines.peers"),
    "method": ("strategies.continual.methods",),
    "task": ("benchmarks.tasks",),
    "stream": ("benchmarks.streams",),
    "suite": ("benchmarks.suites",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One registered model, method, task, stream or suite, known from its source text alone.

    Attributes:
        kind: Its kind.
        name: Its name.
        version: Part of the cell's identity: raise ``VERSION`` in the file when a change can alter
            results. The version of a file without one is a digest of its content. A digest of a
            plugin's siblings is part of its version.
        module: Name of its module; empty for a plugin.
        path: Its file.
        plugin: True if the file was given by ``--plugin``.
        siblings: The files in a plugin's folder that it imports.
        source: Summary, facts and options.
    """

    kind: Kind
    name: str
    version: str
    module: str
    path: Path
    plugin: bool
    siblings: tuple[Path, ...]
    source: Source

    @property
    def summary(self) -> str:
        """First paragraph of the file's docstring."""
        return self.source.summary

    @property
    def title(self) -> str:
        """Name for people: the fact ``TITLE``, or the name."""
        return str(self.source.facts.get("TITLE", self.name))

    @property
    def role(self) -> Role:
        """Role of a model in a comparison: the fact ``ROLE``.

        A *reference* competes; a *control* tests whether a benchmark needs more than a simple rule;
        a *bound* is an upper or lower limit.
        """
        role: Role = self.source.facts.get("ROLE", "reference")
        return role

    @property
    def requires(self) -> tuple[str, ...]:
        """Distributions that must be installed in addition to those of the project."""
        return tuple(self.source.facts.get("REQUIRES", ()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of :attr:`requires` that are not installed."""
        return tuple(name for name in self.requires if not _installed(name))

    def load(self) -> ModuleType:
        """Import the entry's module.

        Raises:
            UsageError: If a distribution that it requires is not installed.
        """
        if self.missing:
            raise UsageError(
                f"{self.kind} '{self.name}' needs {', '.join(self.missing)}: pip install "
                f"{' '.join(self.missing)}"
            )
        if not self.plugin:
            return importlib.import_module(self.module)
        return load_plugin(self.path)

    def configure(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the resolved options: the defaults, updated with ``overrides``.

        Overrides are values or their text.

        Raises:
            UsageError: If an option does not exist or a value has the wrong type.
        """
        options = {option.name: option for option in self.source.options}
        resolved = {name: option.default for name, option in options.items()}
        for key, value in (overrides or {}).items():
            if key not in options:
                raise UsageError(
                    f"{self.kind} '{self.name}' has no option '{key}': {_hint(key, options)}"
                )
            resolved[key] = convert(options[key], value, f"{self.name}[{key}]")
        return resolved


class Registry:
    """The entries of one kind.

    Args:
        kind: Which kind.
        plugins: Files given by ``--plugin``; those of other kinds are ignored.

    Raises:
        UsageError: If two entries share a name, or a plugin file has no kind.
    """

    def __init__(self, kind: Kind, plugins: Sequence[Path] = ()) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}
        for package in FOLDERS[kind]:
            for path in sorted(module_path(package).parent.glob("[!_]*.py")):
                self._add(_entry(kind, path.stem.replace("_", "-"), f"{package}.{path.stem}", path))
        for point in _entry_points().select(group=f"memnet.{kind}s"):
            self._add(_entry(kind, point.name, point.value, module_path(point.value)))
        for path in plugins:
            entry = read_plugin(path)
            if entry.kind == kind:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        other = self._entries.get(entry.name)
        if other is not None:
            raise UsageError(
                f"two {self.kind}s are called '{entry.name}': {other.path} and {entry.path}; "
                "rename one of the files"
            )
        self._entries[entry.name] = entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """All names, built-in first, each group in alphabetical order."""
        return list(self._entries)

    def get(self, name: str) -> Entry:
        """Return the entry with the name ``name``.

        Raises:
            UsageError: If there is none; the message names the nearest ones.
        """
        if name not in self._entries:
            raise UsageError(
                f"{unknown(self.kind, name, self._entries)}; to use your own file, give --plugin "
                "FILE.py"
            )
        return self._entries[name]


def read_plugin(path: Path) -> Entry:
    """Read a file given by ``--plugin``.

    Raises:
        UsageError: If the file cannot be read, has no kind, or has a name that is not a valid entry
            name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", path.stem):
        raise UsageError(
            f"plugin '{path.name}' is not a valid name: rename the file to letters, digits and "
            "underscores, such as my_model.py"
        )
    kind = read_source(path).facts.get("KIND")
    if kind not in ENTRY_KINDS:
        raise UsageError(
            f'plugin {path} must have a line KIND = "model" (or one of {", ".join(ENTRY_KINDS)})'
        )
    return _entry(
        kind,
        path.stem.replace("_", "-"),
        "",
        path.resolve(),
        plugin=True,
    )


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return a message that ``name`` is unknown, with the nearest names, or all if none is near."""
    return f"unknown {what} '{name}': {_hint(name, known)}"


def _hint(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return (
        f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(names) or 'none'}"
    )


def _entry(kind: Kind, name: str, module: str, path: Path, *, plugin: bool = False) -> Entry:
    source = read_source(path)
    _check_facts(source, path)
    siblings = sibling_files(path) if plugin else ()
    return Entry(
        kind=kind,
        name=name,
        version=_version(source, path, siblings),
        module=module,
        path=path,
        plugin=plugin,
        siblings=siblings,
        source=source,
    )


def _version(source: Source, path: Path, siblings: Sequence[Path]) -> str:
    number = source.facts.get("VERSION")
    if number is None:
        if not siblings:
            return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return content_digest([path, *siblings], path.parent)
    return f"{number}+{content_digest(siblings, path.parent)}" if siblings else str(number)


def _check_facts(source: Source, path: Path) -> None:
    title, role = source.facts.get("TITLE", "title"), source.facts.get("ROLE", "reference")
    if not isinstance(title, str) or not title.strip():
        raise UsageError(f"{path.name}: TITLE = {title!r} must be a few words in quotes")
    if role not in get_args(Role):
        raise UsageError(
            f"{path.name}: ROLE = {role!r} is not allowed: choose one of "
            f"{', '.join(get_args(Role))}"
        )
    for name in ("INPUTS", "REQUIRES"):
        names = source.facts.get(name, ())
        if not isinstance(names, tuple) or not all(isinstance(one, str) for one in names):
            raise UsageError(
                f'{path.name}: {name} = {names!r} must be a tuple of names, such as ("a",)'
            )


@cache
def _entry_points() -> importlib.metadata.EntryPoints:
    """All entry points.

    This reads the metadata of every installed distribution, so the result is cached.
    """
    found: Any = (
        importlib.metadata.entry_points()
    )  # Python 3.11 returns another type with the same methods
    return cast(importlib.metadata.EntryPoints, found)


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
