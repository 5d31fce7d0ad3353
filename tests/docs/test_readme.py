"""The README's commands and scripts run as written, with shorter training."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.command import environment, memnet

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SHORT = {
    "induction": ("steps=1", "streams=2", "furthest=64", "train_length=16"),
    "split-digits": ("epochs=1", "batch_size=512"),
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("memnet ")
    ]
    return [shlex.split(line, comments=True)[1:] for line in lines]


RUNS = [words for words in commands() if words[0] == "run" and words[1] in SHORT]


def test_readme_has_run_commands_of_known_benchmarks() -> None:
    assert len(RUNS) >= 4
    assert {words[1] for words in commands() if words[0] == "run"} <= {
        *SHORT,
        "quick",
        "split-mnist",
        "from-folder",
        "task-shift",
        "task-shift-domain",
        "task-shift-online",
        "task-shift-total-bytes",
        "long-dependency",
        "ablation",
        "ladder",
        "forgetting-dynamics",
    }


@pytest.mark.slow
@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in RUNS])
def test_command_runs(words: list[str], tmp_path: Path) -> None:
    """The README's model is written to the file that its command names."""
    (code,) = [block for block in blocks("python") if "class GRU" in block]
    (tmp_path / "my_model.py").write_text(code, encoding="utf-8")
    short = [part for setting in SHORT[words[1]] for part in ("--set", setting)]
    done = memnet(*words, *short, cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert len(list((tmp_path / "runs" / "records").glob("*.json"))) >= 2
    assert memnet("report", cwd=tmp_path).returncode == 0
    assert (tmp_path / "report" / "index.html").is_file()


@pytest.mark.slow
def test_avalanche_script_runs_and_does_not_forget(tmp_path: Path) -> None:
    (code,) = [block for block in blocks("python") if "MemNetPlugin" in block]
    (tmp_path / "script.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.strip().rstrip("}").rsplit(": ", 1)[1]) > 0.9


@pytest.mark.slow
def test_the_python_block_runs(tmp_path: Path) -> None:
    (code,) = [block for block in blocks("python") if "memnet.run(" in block]
    short = "".join(
        f'"{key}": {value}, ' for key, value in (part.split("=") for part in SHORT["induction"])
    )
    (tmp_path / "script.py").write_text(
        code.replace('"steps": 40', short)
        + "print(len(frame), len(curves) >= 2, len(published) > 1000, trained.model.training)\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        cwd=Path(__file__).parents[2],
        env=environment(
            MEMNET_STORE=str(tmp_path / "runs"), PYTHONPATH=os.environ.get("PYTHONPATH", "")
        ),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 True True False"
