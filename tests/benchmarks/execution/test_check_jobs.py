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
    with pytest.raises(UsageError, match=r"model 'shaky'.*no_such_module.*fix the file"):
        check(jobs(WEE[0], broken, model="shaky"), environment(tmp_path))


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
