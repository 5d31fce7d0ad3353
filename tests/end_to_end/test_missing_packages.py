"""Models on public packages: listed, and named if they are not installed."""

import re
import tomllib
from pathlib import Path

from baselines.registry import Registry
from tests.benchmarks.command import memnet

ROOT = Path(__file__).parents[2]
PEERS = [entry for entry in Registry("model") if entry.module.startswith("baselines.peers.")]
NOWHERE = '''"""A model of a package that does not exist."""

KIND = "model"
REQUIRES = ("no-such-distribution", "torch")
'''


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_extra_lists_requirements_of_peers_with_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {
        canonical(re.split(r"[<>=]", line)[0]) for line in project["optional-dependencies"]["peers"]
    }
    pinned = {
        canonical(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert extra == {canonical(name) for entry in PEERS for name in entry.requires}
    assert extra <= pinned
    assert all(entry.requires for entry in PEERS)


def test_listing_shows_command_for_missing_package(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.py"
    path.write_text(NOWHERE)
    lines = {
        line.split()[0]: line
        for line in memnet("list", "models", "--plugin", str(path)).stdout.splitlines()
    }
    assert lines["nowhere"].endswith(
        "[needs no-such-distribution, torch] not installed: pip install no-such-distribution"
    )
    for entry in PEERS:
        assert entry.summary in lines[entry.name]
        assert f"[needs {', '.join(entry.requires)}]" in lines[entry.name]
        assert lines[entry.name].endswith(f"pip install {' '.join(entry.missing)}") == bool(
            entry.missing
        )


def test_running_without_package_is_an_error_with_command(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.py"
    path.write_text(NOWHERE)
    done = memnet(
        "run",
        "induction",
        "--models",
        "nowhere",
        "--plugin",
        str(path),
        "--store",
        str(tmp_path / "store"),
    )
    assert done.returncode == 2
    assert "pip install no-such-distribution" in done.stderr
    assert not (tmp_path / "store").exists()
