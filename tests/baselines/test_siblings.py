from pathlib import Path

import pytest

from baselines.siblings import content_digest, sibling_files
from results.errors import UsageError

FILES = {
    "plugin.py": "import one\nfrom package import part\n\ndef f():\n    import package.late\n",
    "one.py": "import two",
    "two.py": "import one, plugin",
    "unused.py": "",
    "package/__init__.py": "from .inner import value",
    "package/inner.py": "from ..two import x",
    "package/part.py": "",
    "package/late.py": "from . import last",
    "package/last.py": "",
    "package/unused.py": "",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    return folder / "plugin.py"


def names(path: Path) -> list[str]:
    return [file.relative_to(path.parent).as_posix() for file in sibling_files(path)]


def test_imports_are_followed_through_modules_and_packages(tmp_path: Path) -> None:
    assert names(write(tmp_path, FILES)) == [
        "one.py",
        "package/__init__.py",
        "package/inner.py",
        "package/last.py",
        "package/late.py",
        "package/part.py",
        "two.py",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "import json, torch.nn, memnet.encoder\nfrom baselines.interface import SequenceModel",
        "from .. import outside\nfrom ..outside import x",
        "import importlib\nimportlib.import_module('one')",
        "from package import *",
        "",
    ],
)
def test_other_imports_have_no_siblings(tmp_path: Path, text: str) -> None:
    (tmp_path / "outside.py").write_text("")
    files = {"one.py": "", "json.py": "", "torch/data.txt": "", "memnet/encoder.py": ""}
    assert names(write(tmp_path / "folder", {**files, "plugin.py": text})) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from .json import x", ["json.py"]),
        ("from . import one", ["one.py"]),
        ("import folder.part", ["folder/part.py"]),
        ("from folder import part", ["folder/part.py"]),
        ("from package import *", ["package/__init__.py", "package/part.py"]),
    ],
)
def test_relative_imports_and_folders_without_init_are_followed(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    files = {"one.py": "", "json.py": "", "folder/part.py": ""}
    files |= {"package/__init__.py": "__all__ = ['part']", "package/part.py": ""}
    assert names(write(tmp_path, {**files, "plugin.py": text})) == found


def test_sibling_that_is_not_python_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one\.py is not valid Python: line 1"):
        sibling_files(write(tmp_path, {"plugin.py": "import one", "one.py": "def f(:"}))


def test_digest_depends_on_content_and_place(tmp_path: Path) -> None:
    path = write(tmp_path, FILES)
    before = content_digest(sibling_files(path), tmp_path)
    assert content_digest(sibling_files(path), tmp_path) == before
    (tmp_path / "package" / "last.py").write_text("x = 1")
    assert content_digest(sibling_files(path), tmp_path) != before
    one, two = content_digest([tmp_path / "one.py"], tmp_path), tmp_path / "other.py"
    two.write_bytes((tmp_path / "one.py").read_bytes())
    assert content_digest([two], tmp_path) != one
