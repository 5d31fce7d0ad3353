"""The first step of ``memnet``, as a command and as an import: check the packages found.

The other top-level packages have names that many distributions and scripts use (``benchmarks``,
``results``). A package of the same name that is earlier on the path would be imported instead, with
a confusing ImportError or, worse, with other code. This module is in ``memnet`` because that is the
one name that is safe to import first. It imports neither torch nor any of our packages before the
check.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

SIBLING_PACKAGES = ("baselines", "benchmarks", "reports", "results", "strategies")


SHIPPED = "MEMNET_SHIPPED"
"""Environment variable of an engine that ships each of our packages in a folder of its own."""


def shadowed(packages: tuple[str, ...] = SIBLING_PACKAGES) -> list[tuple[str, str]]:
    """Return the packages that would be imported from elsewhere, as ``(name, path found)``.

    The path is empty if nothing is found.
    """
    home = Path(__file__).resolve().parent.parent
    wrong: list[tuple[str, str]] = []
    for name in packages:
        found = _found(name)
        if found is None or found != home / name:
            wrong.append((name, str(found or "")))
    return wrong


def check_packages() -> None:
    """Stop where another module is found in place of one of our packages.

    The command prints one line per package and exits with 2; an import raises ImportError with the
    same lines.

    Raises:
        ImportError: If a package is shadowed or missing, outside the command.
        SystemExit: The same within the command.
    """
    if os.environ.get(SHIPPED):
        return
    lines = [_line(name, path) for name, path in shadowed()]
    if not lines:
        return
    if Path(sys.argv[0] if sys.argv else "").name in ("-m", "memnet", "memnet.exe", "__main__.py"):
        print("\n".join(lines), file=sys.stderr)
        raise SystemExit(2)
    raise ImportError("\n".join(lines))


def main() -> None:
    """Run the ``memnet`` command. The packages were checked when ``memnet`` was imported."""
    # By name, not by an import statement: this package depends on no package above it.
    importlib.import_module("benchmarks.cli.app").main()


def _found(name: str) -> Path | None:
    """Return the folder of a package, or the file of a module; None if there is neither."""
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:  # a module without a spec, made by hand
        return Path("a module without a file")
    if spec is None:
        return None
    path = Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()
    return path.parent if path.name == "__init__.py" else path


def _line(name: str, path: str) -> str:
    expected = Path(__file__).resolve().parent.parent / name
    where = f"is shadowed by {path}" if path else "was not found"
    return (
        f"memnet: error: our package '{name}' ({expected}) {where}; rename that file or folder, "
        "or install memnet-bench in an environment of its own and take the path off PYTHONPATH"
    )
