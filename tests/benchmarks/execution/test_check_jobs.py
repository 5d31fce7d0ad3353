import sys
from pathlib import Path

import pytest

from benchmarks.execution.check_jobs import check
from results.errors import UsageError
from tests.benchmarks.execution.wee_cells import WEE, environment, jobs

PART = "class Less:\n    steps: int = 4\n\n\n@dataclass\nclass Config(Less):\n"


def test_valid_jobs_pass(tmp_path: Path) -> None:
    check(jobs(), environment(tmp_path))


def test_code_that_does_not_load_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "shaky.py"
    broken.write_text('"""Broken."""\nKIND = "model"\nimport no_such_module\n')
    with pytest.raises(UsageError, match=r"model 'shaky'.*fix the file: .*no_such_module"):
        check(jobs(WEE[0], broken, model="shaky"), environment(tmp_path))


def test_line_of_a_plugin_that_fails_is_named(tmp_path: Path) -> None:
    """The file fails when it is loaded, in ``Config`` or in ``prepare``."""
    head = '"""Bad."""\nKIND = "model"\n'
    bad = tmp_path / "bad_load.py"
    bad.write_text(head + "print(1 / 0)\n")
    with pytest.raises(UsageError, match=r"ZeroDivisionError: division by zero \(bad_load\.py, li"):
        check(jobs(WEE[0], bad, model="bad-load"), environment(tmp_path))
    bad = tmp_path / "bad_config.py"
    line = "    pause: float = 0.0\n"
    text = f"{line}\n    def __post_init__(self): self.nothing\n"
    bad.write_text(WEE[1].read_text().replace(line, text))
    with pytest.raises(
        UsageError,
        match=r"Config of model 'bad-config' failed: .*in __post_init__\); MEMNET_TRACEBACK=1",
    ):
        check(jobs(WEE[0], bad, model="bad-config"), environment(tmp_path))
    bad = tmp_path / "bad_prepare.py"
    brook = (WEE[0].parent / "brook.py").read_text().replace("build, prepare\n", "build\n")
    bad.write_text(brook + "def prepare(data_root): data_root.nothing\n")
    with pytest.raises(UsageError, match=r"prepare of stream 'bad-prepare' failed: .*in prepare\)"):
        check(jobs(bad, name="bad-prepare", model="mlp"), environment(tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        "import importlib; importlib.import_module('.late', __package__)",
        "__import__('late')",
        "__import__('package.late')",
        "import importlib, sys; sys.path.insert(0, FOLDER); importlib.import_module('late')",
    ],
)
@pytest.mark.parametrize("where", ["module", "build"])
def test_a_module_of_the_folder_imported_by_name_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, where: str
) -> None:
    """Its content would not be part of the cell's version."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "package").mkdir()
    for path in (tmp_path / "late.py", tmp_path / "package" / "late.py"):
        path.write_text("")
    given = line.replace("FOLDER", repr(str(tmp_path)))
    by_name, build = tmp_path / "by_name.py", "def build(config, signature):\n"
    text = WEE[1].read_text()
    by_name.write_text(
        f"{text}\n{given}\n" if where == "module" else text.replace(build, f"{build}    {given}\n")
    )
    with pytest.raises(UsageError, match=r"plugin by_name\.py imports (package/)?late\.py by name"):
        check(jobs(WEE[0], by_name, model="by-name"), environment(tmp_path))
    sys.modules.pop("late", None)


def test_code_without_a_build_function_is_an_error(tmp_path: Path) -> None:
    bare = tmp_path / "nobuild.py"
    bare.write_text('"""Bare."""\nKIND = "model"\n')
    with pytest.raises(UsageError, match=r"nobuild\.py has no function build\(config, signature\)"):
        check(jobs(WEE[0], bare, model="nobuild"), environment(tmp_path))


def test_options_that_a_config_refuses_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="length = 1 must be at least 2"):
        check(jobs(settings=("length=1",)), environment(tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "other", "message"),
    [
        ("without", "    streams: int = 8\n", "", "Config has no streams"),
        ("inherits", "class Config:\n    steps: int = 4\n", PART, "Config inherits steps"),
    ],
)
def test_options_that_cannot_be_read_from_the_text_are_an_error(
    tmp_path: Path, name: str, text: str, other: str, message: str
) -> None:
    path = tmp_path / f"{name}.py"
    path.write_text(
        WEE[0]
        .read_text()
        .replace("(frozen=True, kw_only=True, slots=True)", "")
        .replace(text, other)
    )
    with pytest.raises(UsageError, match=message):
        check(jobs(path, WEE[1], name=name), environment(tmp_path))
