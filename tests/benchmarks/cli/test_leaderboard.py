"""The command `memnet leaderboard`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.command import environment

PUBLISHED = Path(__file__).parents[3] / "results" / "published"
COMMAND = ("leaderboard", "--store", str(PUBLISHED), "--benchmark", "copy", "--columns", "metric")


def test_default_format_is_text_on_a_terminal_and_markdown_elsewhere() -> None:
    reader, terminal = os.openpty()
    command = [sys.executable, "-m", "memnet", *COMMAND]
    subprocess.run(command, stdout=terminal, env=environment(), check=True)
    os.close(terminal)
    shown = os.read(reader, 100).decode().splitlines()
    assert shown[0].split() == ["benchmark", "model", "metric"]
    assert set(shown[1]) == {"-", " "}
    os.close(reader)
    piped = subprocess.run(command, capture_output=True, env=environment(), check=True, text=True)
    assert piped.stdout.startswith("| benchmark")
