"""Read the facts of an entry file from its source, without running it.

``memnet list`` must be fast and a plan must be made without importing torch, so names, summaries,
versions, requirements and default configurations are read from the source text. This needs one
rule: facts are literals at module level, and an entry's options are the literal defaults of a
dataclass called ``Config``, written in the file or imported into it by that name.
"""

import ast
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.siblings import imported_files, parse_file
from results.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of an entry.

    Attributes:
        name: Its name.
        annotation: Its annotation, as written.
        default: Its default.
        meaning: Its description in the docstring of ``Config``.
    """

    name: str
    annotation: str
    default: Any
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Facts of an entry file.

    Attributes:
        summary: First paragraph of its docstring.
        facts: Its literal constants.
        options: Options of its ``Config``.
    """

    summary: str
    facts: Mapping[str, Any]
    options: tuple[Option, ...]


def module_path(module: str) -> Path:
    """Locate a module's file without importing any package.

    Raises:
        UsageError: If there is no such module.
    """
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        raise UsageError(f"no module named '{top}': install the package that provides '{module}'")
    if not rest and spec.origin:
        return Path(spec.origin)
    for location in spec.submodule_search_locations or ():
        base = Path(location).joinpath(*rest)
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file():
                return candidate
    raise UsageError(f"no module named '{module}': looked next to {spec.origin}")


def read_source(path: Path) -> Source:
    """Read an entry file.

    Raises:
        UsageError: If the file is missing, is not Python, or gives an option a default that is not
            a literal.
    """
    tree = parse_file(path)
    summary = (ast.get_docstring(tree) or "").strip().split("\n\n")[0].replace("\n", " ")
    facts: dict[str, Any] = {}
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                try:
                    facts[name] = ast.literal_eval(value)
                except ValueError:
                    continue
            case _:
                continue
    return Source(summary=summary, facts=facts, options=_options(tree, path, path.parent))


def _options(
    tree: ast.Module, path: Path, folder: Path, name: str = "Config"
) -> tuple[Option, ...]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for item in node.body:
                if (
                    isinstance(item, ast.Assign)
                    and isinstance(item.targets[0], ast.Name)
                    and not item.targets[0].id.startswith("_")
                ):
                    field = item.targets[0].id
                    shown = f"{field}: int = {ast.unparse(item.value)}"
                    raise UsageError(
                        f"{path}: Config.{field} has no type, so it is not an option; write "
                        f"{shown}, or its actual type"
                    )
            meanings = _meanings(ast.get_docstring(node) or "")
            return tuple(
                _option(item, path, meanings)
                for item in node.body
                if isinstance(item, ast.AnnAssign) and not _is_class_variable(item)
            )
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    statement = ast.ImportFrom(node.module, [alias], node.level)
                    siblings = list(imported_files(statement, path, folder))
                    elsewhere = siblings[-1] if siblings else module_path(node.module)
                    return _options(parse_file(elsewhere), elsewhere, folder, alias.name)
    return ()


def _is_class_variable(item: ast.AnnAssign) -> bool:
    """Return whether an attribute of a dataclass is no field."""
    return re.match(r"(\w+\.)?ClassVar\b", ast.unparse(item.annotation)) is not None


def _meanings(docstring: str) -> dict[str, str]:
    """Return the section ``Attributes:`` of a docstring, by attribute.

    Lines that are indented further continue the previous one.
    """
    _, found, section = docstring.partition("Attributes:\n")
    meanings: dict[str, str] = {}
    for line in section.splitlines() if found else ():
        match = re.match(r" {4}(\w+): (.*)", line)
        if match:
            meanings[match[1]] = match[2]
        elif line.startswith(" " * 8) and meanings:
            meanings[next(reversed(meanings))] += " " + line.strip()
        else:
            break
    return meanings


def _option(node: ast.AnnAssign, path: Path, meanings: Mapping[str, str]) -> Option:
    name = ast.unparse(node.target)
    try:
        default = ast.literal_eval(node.value) if node.value is not None else None
    except ValueError as error:
        raise UsageError(
            f"{path}: Config.{name} needs a literal default (a number, string, bool, None or tuple)"
        ) from error
    if node.value is None:
        raise UsageError(f"{path}: Config.{name} has no default; give it a literal one")
    return Option(
        name=name,
        annotation=ast.unparse(node.annotation),
        default=default,
        meaning=meanings.get(name, ""),
    )
