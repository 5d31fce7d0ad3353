import os
import subprocess
import sys
from pathlib import Path

import pytest

from memnet.launch import SIBLING_PACKAGES, shadowed


def run(*arguments: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def shadows(tmp_path: Path) -> Path:
    """A package and a module with names of this project."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("")
    (tmp_path / "results.py").write_text("raise RuntimeError('the wrong module was imported')\n")
    return tmp_path


def test_our_own_packages_are_found() -> None:
    assert shadowed() == []


def test_a_missing_package_is_named() -> None:
    assert shadowed(("no_such_package",)) == [("no_such_package", "")]


@pytest.mark.parametrize(
    "script", ["import memnet", "from memnet import MemNet", "import memnet.model"]
)
def test_import_next_to_a_module_of_the_same_name_fails_by_name(script: str, shadows: Path) -> None:
    """A script's own folder is the first on the path."""
    (shadows / "script.py").write_text(script)
    done = run("script.py", cwd=shadows)
    assert done.returncode == 1
    assert "ImportError: memnet: error: our package 'benchmarks'" in done.stderr
    assert f"is shadowed by {shadows / 'benchmarks'}; rename" in done.stderr
    assert f"is shadowed by {shadows / 'results.py'}; rename" in done.stderr


def test_the_command_prints_the_same_lines_and_exits_with_2(shadows: Path) -> None:
    path = os.pathsep.join([str(shadows), os.environ.get("PYTHONPATH", "")])
    done = run("-m", "memnet", "list", cwd=shadows.parent, PYTHONPATH=path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    for name, found, line in zip(
        ("benchmarks", "results"), ("benchmarks", "results.py"), lines, strict=True
    ):
        assert line.startswith(f"memnet: error: our package '{name}'")
        assert f"is shadowed by {shadows / found}" in line


def test_packages_that_an_engine_shipped_apart_are_not_checked(shadows: Path) -> None:
    (shadows / "script.py").write_text("import memnet\n")
    assert run("script.py", cwd=shadows, MEMNET_SHIPPED="1").returncode == 0


def test_the_package_runs_as_the_command(tmp_path: Path) -> None:
    done = run("-m", "memnet", "list", "suites", cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    assert "quick" in done.stdout


def test_the_check_covers_all_top_level_packages() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests", "memnet"}
    assert packages == set(SIBLING_PACKAGES)
