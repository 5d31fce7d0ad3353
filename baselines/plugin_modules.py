"""Loads plugins, so that each can import the modules in its own folder.

Each folder becomes a package with a private name, and absolute imports of its modules become
relative ones. So plugins of one folder share their modules, and equal names in two folders do not
collide in ``sys.modules``.
"""

import builtins
import hashlib
import importlib.util
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from baselines.siblings import NEVER_SIBLINGS, absolute_module_files

INSTALLED = ("site-packages", "dist-packages")
"""Names of folders of installed packages, which are no part of a plugin."""


def load_plugin(path: Path) -> ModuleType:
    """Import a plugin's file, once per process.

    Args:
        path: The file; its name without the suffix need not be a name in Python.
    """
    package = _package(path.parent)
    # A stem may hold dots and hyphens, which are no part of a module's name.
    name = f"{package}." + re.sub(r"\W", lambda match: f"_{ord(match[0]):x}_", path.stem)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def undeclared_modules(
    folder: Path, known: Collection[Path], before: Collection[str]
) -> list[Path]:
    """Return the files in a plugin's folder that were imported other than by a statement.

    ``importlib.import_module`` and ``__import__`` leave no trace in the text of a plugin, so such
    files are not part of its version.

    Args:
        folder: The plugin's folder.
        known: The plugins of the folder and their siblings (`baselines.siblings.sibling_files`).
        before: Names of the modules in ``sys.modules`` before the plugins were loaded.
    """
    if folder.name in INSTALLED:
        return []
    package, found = _package(folder), set[Path]()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in before or not isinstance(file, str) or not Path(file).is_relative_to(folder):
            continue
        path = Path(file)
        parts = name.removeprefix(f"{package}.").split(".")
        expected = folder.joinpath(*parts)
        here = (
            path.parent == expected if path.stem == "__init__" else path.parent == expected.parent
        )
        if here and parts[0] not in NEVER_SIBLINGS and path not in known:
            found.add(path)
    return sorted(found)


def _package(folder: Path) -> str:
    """Return the private name of a folder's package, which is created if necessary."""
    name = f"memnet_plugins_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        module = ModuleType(name, f"Plugins in {folder}.")
        module.__path__ = [str(folder)]
        sys.modules[name] = module
        sys.meta_path.insert(0, _Finder(name))
    return name


class _Finder(MetaPathFinder):
    """Finds the modules of one folder's package."""

    def __init__(self, package: str) -> None:
        self.prefix = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module, and have its imports resolved in the folder."""
        if not fullname.startswith(self.prefix):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Runs a module with an import statement that looks in the plugin's folder first."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        package = module.__name__.partition(".")[0]
        (folder,) = map(Path, sys.modules[package].__path__)

        @cache
        def is_sibling(name: str, attributes: tuple[str, ...]) -> bool:
            parts = name.split(".")
            tails = [[attribute] for attribute in attributes] or [[]]
            return any(any(absolute_module_files(folder, [*parts, *tail])) for tail in tails)

        def import_(
            name: str,
            globals: Mapping[str, Any] | None = None,
            locals: Mapping[str, Any] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            attributes = tuple(fromlist or ())
            if level == 0 and is_sibling(name, attributes):
                return builtins.__import__(name, {"__package__": package}, None, attributes, 1)
            return builtins.__import__(name, globals, locals, attributes, level)

        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_}
        super().exec_module(module)
