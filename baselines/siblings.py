"""Siblings: the modules in a plugin's own folder that it imports, found without running anything.

They are part of a plugin's code, so they belong to its identity, and they travel with it to other
machines. Only import statements are found, anywhere in the file. Modules imported by name at run
time (``importlib.import_module``) and files that the code reads are not found.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from results.errors import UsageError

PROJECT = ("baselines", "benchmarks", "memnet", "reports", "results", "strategies")
NEVER_SIBLINGS = frozenset({*PROJECT, *sys.stdlib_module_names})
"""Packages of the project and the standard library: not looked up in a plugin's folder."""


def parse_file(path: Path) -> ast.Module:
    """Parse a file.

    Raises:
        UsageError: If the file is missing or is not Python.
    """
    try:
        return ast.parse(path.read_bytes(), filename=str(path))  # in the encoding that it declares
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except SyntaxError as error:
        line = f"line {error.lineno}: " if error.lineno else ""
        raise UsageError(f"{path.name} is not valid Python: {line}{error.msg}") from error
    except (OSError, ValueError) as error:  # not readable, or a null byte
        raise UsageError(f"cannot read {path}: {error}; give the path of a Python file") from error


def sibling_files(path: Path) -> tuple[Path, ...]:
    """Return the files in a plugin's folder that it imports, directly or through each other.

    Args:
        path: The plugin's file.

    Returns:
        The files in alphabetical order, without the plugin's own.

    Raises:
        UsageError: If one of the files is not Python.
    """
    found, queue = {path}, [path]
    while queue:
        file = queue.pop()
        for statement in ast.walk(parse_file(file)):
            new = set(imported_files(statement, file, path.parent)) - found
            found |= new
            queue += new
    return tuple(sorted(found - {path}))


def imported_files(statement: ast.AST, file: Path, folder: Path) -> Iterator[Path]:
    """Yield the files in ``folder`` that an import statement of ``file`` runs; none for others."""
    match statement:
        case ast.Import(names=names):
            for alias in names:
                yield from absolute_module_files(folder, alias.name.split("."))
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for alias in names:
                yield from absolute_module_files(folder, [*module.split("."), alias.name])
        case ast.ImportFrom(module=module, names=names, level=level):
            base = file.parents[level - 1]
            if base.is_relative_to(folder):
                for alias in names:
                    parts = [*(module.split(".") if module else ()), alias.name]
                    yield from _module_files(base, parts)


def absolute_module_files(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield the files in ``folder`` that run when the module ``parts`` is imported.

    These are the ``__init__.py`` of its packages, then its own file; none if the module is not in
    the folder, or has a name of :data:`NEVER_SIBLINGS`.
    """
    if parts[0] not in NEVER_SIBLINGS:
        yield from _module_files(folder, parts)


def _module_files(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    place = folder
    for part in parts:
        if part == "*":  # a package's ``__all__`` may name any of its modules
            yield from sorted(place.glob("*.py")) if place != folder else ()
            return
        package, module = place / part / "__init__.py", place / f"{part}.py"
        if package.is_file():
            yield package
        elif module.is_file():
            yield module
            return
        place /= part


def content_digest(files: Sequence[Path], folder: Path) -> str:
    """Return a digest of files and of their places in ``folder``: twelve hexadecimal digits."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
