import subprocess
import sys
from pathlib import Path

from memnet.launch import PACKAGES, shadowed


def test_our_own_packages_are_found() -> None:
    assert shadowed() == []


def test_a_package_that_is_nowhere_is_named() -> None:
    assert shadowed(("no_such_package",)) == [("no_such_package", "")]


def test_another_package_in_front_is_named_with_its_path_and_exit_code_2(tmp_path: Path) -> None:
    for name in ("benchmarks", "results"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from memnet.launch import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "list"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    for name, line in zip(("benchmarks", "results"), lines, strict=True):
        assert line.startswith(f"memnet: error: our package '{name}'")
        assert f"is shadowed by {tmp_path / name}" in line


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "memnet", "list", "suites"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "quick" in done.stdout


def test_the_guard_covers_all_top_level_packages() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests", "memnet"}
    assert packages == set(PACKAGES)
