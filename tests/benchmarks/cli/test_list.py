import re
import subprocess
import sys

import pytest

from baselines.registry import Registry
from tests.benchmarks.command import PLUGINS, environment, memnet

HEAVY = (
    "torch",
    "numpy",
    "pandas",
    "results.records.record",
    "rich.table",
    "matplotlib",
    "avalanche",
)
"""pydantic is not among them, since newer versions of typer import it."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "memnet"],
        ["list", "task-shift"],
        ["-h"],
        ["run", "--help"],
        ["--version"],
    ],
)
def test_list_and_help_import_nothing_heavy(arguments: list[str]) -> None:
    found = f"[name for name in {HEAVY!r} if name in sys.modules]"
    script = (
        f"import atexit, sys\natexit.register(lambda: print('heavy:', *{found}))\n"
        "from memnet.launch import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert done.stdout.splitlines()[-1].strip() == "heavy:"


def test_list_prints_a_line_per_entry() -> None:
    lines = memnet("list").stdout.splitlines()
    for kind in ("suite", "task", "stream", "model", "method"):
        for entry in Registry(kind):
            assert any(line.split()[0] == entry.name and entry.summary in line for line in lines)


@pytest.mark.parametrize(
    ("group", "end"),
    [
        (
            "suites",
            "quick  .* in minutes. \\[3 benchmarks, 3 models, 3 methods, seeds 0-2\\]",
        ),
        ("suites", "claims  .* \\[.*, seeds 0-9\\]"),
        ("tasks", "induction  .* it. \\[150 steps, batches of 32, length 256\\]"),
        ("tasks", "mqar  .* \\[250 steps, batches of 32, length 512\\]"),
        ("streams", "split-digits  .* \\[5 experiences, 8 epochs, batches of 32\\]"),
        ("streams", "permuted-mnist  .* \\[10 experiences, 1 epoch, .*\\] \\[needs its data .*\\]"),
        ("methods", "er  .* \\(Rolnick et al. 2019\\)."),
    ],
)
def test_list_shows_sizes(group: str, end: str) -> None:
    """Those of the defaults; a method has none."""
    lines = memnet("list", group).stdout.splitlines()
    assert any(re.fullmatch(end, line) for line in lines), lines


def test_list_of_a_group_includes_plugins() -> None:
    lines = memnet("list", "models", "--plugin", str(PLUGINS / "scripted.py")).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*Registry("model").names(), "scripted"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "split-mnist",
            (
                "split-mnist (stream, version",
                "needs: its data",
                "protocol vandeven2022: experiences=5, ",
                "\nscenario  ",
            ),
        ),
        (
            "memnet",
            ("memnet (model", "memnet (method", "\nhebbian ", "Switch of the graph.", "\nbudget "),
        ),
        (
            "task-shift",
            (
                "\nseeds 0-4:",
                "profile small, seeds 0:",
                "  split-digits: memnet, ",
                " by naive, er, memnet",
            ),
        ),
        ("naive", ("options: none",)),
    ],
)
def test_list_describes_one_entry(name: str, parts: tuple[str, ...]) -> None:
    page = memnet("list", name).stdout
    assert all(part in page for part in parts), page


def test_list_prints_the_requirements_of_an_entry() -> None:
    (line,) = [
        line
        for line in memnet("list", "streams").stdout.splitlines()
        if line.startswith("split-mnist ")
    ]
    assert line.endswith("[needs its data in the data root, or a download]")
