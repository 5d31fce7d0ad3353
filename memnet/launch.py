"""The first step of the ``memnet`` command.

Make sure that the packages found are ours, then hand over to the command line.

The other top-level packages have names that many a distribution uses (``benchmarks``, ``results``);
one that comes first on the path would answer in place of ours with a puzzling ImportError, or
worse, with other code. This module lives here because ``memnet`` is the one name that is safe to
import first. It imports neither torch nor anything of ours before the check is done.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGES = ("baselines", "benchmarks", "reports", "results", "strategies")


def shadowed(packages: tuple[str, ...] = PACKAGES) -> list[tuple[str, str]]:
    """Return the packages that would be imported from elsewhere, as ``(name, path found)``.

    The path is empty if nothing is found.
    """
    home = Path(__file__).resolve().parent.parent
    wrong: list[tuple[str, str]] = []
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None:
            wrong.append((name, ""))
            continue
        found = Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()
        folder = found.parent if found.name == "__init__.py" else found
        if folder != home / name:
            wrong.append((name, str(folder)))
    return wrong


def main() -> None:
    """Run the ``memnet`` command.

    Exit with 2 where another distribution stands in front of one of our packages.
    """
    wrong = shadowed()
    for name, path in wrong:
        expected = Path(__file__).resolve().parent.parent / name
        where = f"is shadowed by {path}" if path else "was not found"
        print(
            f"memnet: error: our package '{name}' ({expected}) {where}; "
            "install memnet-bench in an environment of its own, or take that path off PYTHONPATH",
            file=sys.stderr,
        )
    if wrong:
        raise SystemExit(2)
    # By name, not by an import statement: nothing in this package may depend on a floor above it.
    importlib.import_module("benchmarks.cli.app").main()
