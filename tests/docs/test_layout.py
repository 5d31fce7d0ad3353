"""The layout and the naming rules that the documentation and CONTRIBUTING describe."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("baselines", "benchmarks", "memnet", "reports", "results", "strategies")

WITHOUT_MODULES = {"docs", "end_to_end", "reports/browser"}
"""Folders in ``tests/`` of tests that belong to no module."""


def test_the_page_of_the_layout_lists_every_folder() -> None:
    """It names each package and each of its folders, and no others."""
    page = (ROOT / "docs" / "layout.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"^```\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    listed, package = set(), ""
    for indent, name in re.findall(r"^( *)(\w+)/ ", tree, re.MULTILINE):
        package = package if indent else name
        listed.add(f"{package}/{name}" if indent else name)
    folders = {
        f"{package}/{path.name}"
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if (path / "__init__.py").is_file() or path.name == "published"
    }
    assert listed == {*PACKAGES, *folders, "tests", "docs", "examples"}
    assert all((ROOT / name).is_dir() for name in listed)


def test_class_names_are_unique() -> None:
    """Each name has one meaning; only ``Config``, the options of an entry, is repeated."""
    files = defaultdict(list)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name != "Config":
                    files[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in files.items() if len(found) > 1} == {}
    assert len(files) > 100


def mirrored(test: Path) -> bool:
    """Return whether a file of tests is named after a module, or after a folder.

    ``a/test_b.py`` tests ``a/b.py``, the common part ``a/_b.py``, the folder ``a/b``, or all files
    of ``a`` if that folder is called ``b``; ``a/test_init.py`` tests ``a/__init__.py``.
    """
    name, folder = test.stem.removeprefix("test_"), ROOT / test.parent
    return (
        (folder / f"{name}.py").is_file()
        or (folder / f"_{name}.py").is_file()
        or (folder / name).is_dir()
        or (folder.name == name and folder.is_dir())
        or (folder / f"__{name}__.py").is_file()
    )


def test_files_of_tests_mirror_modules() -> None:
    """Other tests are in own folders, or run a grid of all combinations (``test_grid…``)."""
    tests = [
        path.relative_to(ROOT / "tests") for path in sorted((ROOT / "tests").rglob("test_*.py"))
    ]
    others = [
        str(path)
        for path in tests
        if str(path.parent) not in WITHOUT_MODULES
        and not path.name.startswith("test_grid")
        and not mirrored(path)
    ]
    assert others == []
    assert len(tests) > 200
    assert not mirrored(Path("results/test_no_such_module.py"))


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the upper-case names of a module with the source of their values.

    A leading underscore is left out: a private name has one meaning, too.
    """
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                for place, name in enumerate(names):
                    if isinstance(name, ast.Name) and name.id.lstrip("_").isupper():
                        found[name.id.lstrip("_")] = value_of(node.value, place, len(names))
    return found


def value_of(value: ast.expr, place: int, names: int) -> str:
    """Return the source of the value of one of several names that are assigned together."""
    if names > 1 and isinstance(value, ast.Tuple):
        return ast.unparse(value.elts[place])
    return ast.unparse(value) + (f"[{place}]" if names > 1 else "")


def test_constants_have_one_meaning() -> None:
    """The same name has the same value everywhere, except facts of entries (CONTRIBUTING)."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    facts = {*re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE), "SUITE"}
    assert {"VERSION", "TITLE", "KIND"} <= facts
    values = defaultdict(lambda: defaultdict(list))
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name, value in constants(ast.parse(path.read_text(encoding="utf-8"))).items():
                values[name][value].append(str(path.relative_to(ROOT)))
    assert len(values) > 300
    assert {
        name: dict(found) for name, found in values.items() if len(found) > 1 and name not in facts
    } == {}
