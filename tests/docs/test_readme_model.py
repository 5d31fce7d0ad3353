"""The README's model fulfils the contract of models, and the project's linters accept it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from baselines.registry import Entry, read_plugin
from benchmarks.checks import models
from benchmarks.checks.rule import Case, Rule

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The block of the section on models, as a file."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"\n## Add a model in one file\n(.*?)\n## ", text, re.DOTALL)
    path = tmp_path_factory.mktemp("readme") / "readme_model.py"
    path.write_text(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def entry(plugin: Path) -> Entry:
    return read_plugin(plugin)


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
@pytest.mark.parametrize("rule", models.MODEL_RULES, ids=lambda rule: rule.name)
def test_readme_model_fulfils_contract(rule: Rule, entry: Entry) -> None:
    rule.check(Case(entry=entry))


def test_readme_model_has_sizes(entry: Entry) -> None:
    assert {option.name for option in entry.source.options} & set(models.MODEL_SIZES)


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff_accepts_readme_model(command: list[str], plugin: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", "baselines/models/my.py"]
    done = subprocess.run(
        [*ruff, "-"], cwd=ROOT, input=plugin.read_bytes(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.mark.slow
def test_mypy_accepts_readme_model(plugin: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(plugin)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
