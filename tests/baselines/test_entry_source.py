from pathlib import Path

import pytest

from baselines.entry_source import module_path, read_source
from results.errors import UsageError

TEXT = '''"""What it is,
over two lines.

More.
"""

import no_such_module
from dataclasses import dataclass

VERSION = 3
REQUIRES: tuple[str, ...] = ("numpy",)
COMPUTED = 1 + len("x")


@dataclass(frozen=True)
class Config:
    """Options."""

    width: int = 8
    rate: float | None = None
    sizes: tuple[int, ...] = (1, 2)

    def area(self) -> int:
        return self.width
'''


def write(folder: Path, text: str) -> Path:
    path = folder / "entry.py"
    path.write_text(text)
    return path


def test_file_is_read_without_running_it(tmp_path: Path) -> None:
    source = read_source(write(tmp_path, TEXT))
    assert source.summary == "What it is, over two lines."
    assert source.facts == {"VERSION": 3, "REQUIRES": ("numpy",)}
    assert [(option.name, option.annotation, option.default) for option in source.options] == [
        ("width", "int", 8),
        ("rate", "float | None", None),
        ("sizes", "tuple[int, ...]", (1, 2)),
    ]


def test_imported_config_is_read_from_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere_of_test_source.py").write_text("class Sizes:\n    width: int = 5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = read_source(write(tmp_path, "from elsewhere_of_test_source import Sizes as Config\n"))
    assert [(option.name, option.default) for option in source.options] == [("width", 5)]


def test_config_is_read_from_a_sibling(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from .sizes import Sizes\n")
    (tmp_path / "package" / "sizes.py").write_text("class Sizes:\n    width: int = 7\n")
    (tmp_path / "sibling.py").write_text("from package import Sizes as Config\n")
    for text in ("from sibling import Config\n", "from package import Sizes as Config\n"):
        (option,) = read_source(write(tmp_path, text)).options
        assert (option.name, option.default) == ("width", 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class Config:\n    width: int = 1 + one\n", "literal default"),
        ("class Config:\n    width: int\n", "no default"),
        (
            "class Config:\n    width = 96\n",
            "Config.width has no type, so it is not an option; write width: int = 96",
        ),
        ("x = 1\ndef f(:\n", r"\w+\.py is not valid Python: line 2: invalid syntax"),
    ],
)
def test_unreadable_file_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_source(write(tmp_path, text))


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*none\.py"):
        read_source(tmp_path / "none.py")


def test_module_path_does_not_import() -> None:
    assert module_path("baselines.entry_source").name == "entry_source.py"
    assert module_path("baselines").name == "__init__.py"
    for name in ("no_such_top", "baselines.no_such_module"):
        with pytest.raises(UsageError, match="no module named"):
            module_path(name)


@pytest.mark.parametrize("annotation", ["ClassVar[int]", "typing.ClassVar", "t.ClassVar[int]"])
def test_class_variable_is_no_option(tmp_path: Path, annotation: str) -> None:
    path = tmp_path / "plugin.py"
    path.write_text(f"class Config:\n    width: int = 8\n    limit: {annotation} = 9\n")
    assert [option.name for option in read_source(path).options] == ["width"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + b'TITLE = "\xc3\xa9"\n',
        b"# -*- coding: latin-1 -*-\n" + b'TITLE = "\xe9"\n',
    ],
    ids=["byte order mark", "declared encoding"],
)
def test_encoding_is_the_one_that_python_reads(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plugin.py"
    path.write_bytes(content)
    assert read_source(path).facts == {"TITLE": "é"}


@pytest.mark.parametrize("content", [b'A = "\xe9"\n', b"A = 1\0"])
def test_invalid_bytes_are_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plugin.py"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"plugin\.py") as error:
        read_source(path)
    assert "None" not in str(error.value)
    assert "\n" not in str(error.value)
