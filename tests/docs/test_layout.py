"""The layout and the naming rules that README and CONTRIBUTING describe."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("baselines", "benchmarks", "memnet", "reports", "results", "strategies")


def test_readme_lists_every_folder() -> None:
    """The section "Layout" names each package and each of its folders, and no others."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"^## Layout\n\n```\n(.*?)```", readme, re.DOTALL | re.MULTILINE)
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
    assert listed == {*PACKAGES, *folders, "tests"}


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


def test_folders_of_tests_mirror_the_packages() -> None:
    browser = {Path("reports/browser")}  # the site's script in a real browser
    folders = {
        path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert {folder for folder in folders if not (ROOT / folder).is_dir()} == browser
