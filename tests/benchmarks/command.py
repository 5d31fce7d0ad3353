"""Runs the real command, with the plugins in the folder ``plugins``."""

import os
import subprocess
import sys
from pathlib import Path

PLUGINS = Path(__file__).parent / "plugins"
MEMNET = (sys.executable, "-c", "from memnet.launch import main; main()")
WITH_PLUGINS = ("--plugin", str(PLUGINS / "wee.py"), "--plugin", str(PLUGINS / "scripted.py"))


def environment(**changes: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")
    }
    return {**inherited, "OMP_NUM_THREADS": "1", **changes}


def memnet(
    *arguments: str, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the command and wait for it."""
    return subprocess.run(
        [*MEMNET, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(**changes),
        timeout=300,
        check=False,
    )
