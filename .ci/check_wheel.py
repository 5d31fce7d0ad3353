"""Checks that a wheel has every tracked file of the packages: ``check_wheel.py dist/*.whl``."""

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ("memnet", "strategies", "baselines", "benchmarks", "results", "reports")


def main() -> None:
    """Compare the newest wheel with the files that git tracks."""
    wheel = max(map(Path, sys.argv[1:]), key=lambda path: path.stat().st_mtime)
    listed = subprocess.run(["git", "ls-files", *PACKAGES], capture_output=True, check=True)
    tracked = set(listed.stdout.decode().splitlines())
    contained = set(zipfile.ZipFile(wheel).namelist())
    missing, others = sorted(tracked - contained), sorted(contained - tracked)
    unknown = [name for name in others if ".dist-info/" not in name]
    print(
        f"{wheel.name}: {len(contained)} files, {len(missing)} missing, {len(unknown)} not tracked"
    )
    for name in (*missing, *unknown):
        print(name)
    if missing or unknown:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
