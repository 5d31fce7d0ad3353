"""The real command, as users run it, on the plugins beside this file."""

import os
import subprocess
import sys
from pathlib import Path

PLUGINS = Path(__file__).parent / "plugins"
MEMNET = (sys.executable, "-c", "from memnet.launch import main; main()")
WITH_PLUGINS = ("--plugin", str(PLUGINS / "wee.py"), "--plugin", str(PLUGINS / "scripted.py"))


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    return {**kept, "OMP_NUM_THREADS": "1", **changes}


def memnet(
    *arguments: str, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*MEMNET, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(**changes),
        timeout=300,
        check=False,
    )
