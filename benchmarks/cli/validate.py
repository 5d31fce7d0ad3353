"""``memnet validate``: checks records that third parties submit."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli.paths import folder
from results.errors import UsageError

RECORD_REFUSED = 1
"""Exit code if a record is refused."""


def given_path(text: str | Path) -> Path:
    """Return a path that was given; an unreadable one is refused as a record."""
    if not str(text).strip():
        raise UsageError("the name of a record is empty: name a file or a folder")
    return Path(text)


def validate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            parser=given_path,
            help="Records, or folders that hold records or a records/ folder.",
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="STORE",
            parser=folder("--against"),
            help="Store to compare them with [default: the published records].",
        ),
    ] = None,
) -> None:
    """Check records.

    The checks are schema, id, checksum, metrics recomputed from their curves, plausible costs,
    complete seeds, duplicates and drift.
    """
    import results.validation.validate as checks
    from results.validation.untrusted_json import printable

    paths = [path for given in files for path in _records(given)]
    if not paths:
        raise UsageError(f"no records in {printable(', '.join(map(str, files)))}")
    store = Path(checks.__file__).parent / "published" if against is None else against
    if against is not None and not (store / "records").is_dir():
        raise UsageError(
            f"there is no store at {store}: --against takes a folder with a records/ folder"
        )
    findings = checks.validate(paths, checks.known_records(store))
    for finding in findings:
        print(f"{printable(str(finding.path))}: {finding.severity}: {finding.reason}")
    refused = {finding.path for finding in findings if finding.severity == "refused"}
    accepted = len(paths) - len(refused)
    count = f"{len(paths)} record{'s' if len(paths) != 1 else ''}"
    print(f"{count}: {accepted} accepted, {len(refused)} refused")
    if refused:
        raise typer.Exit(RECORD_REFUSED)


def _records(given: Path) -> list[Path]:
    """Return the file itself, or the records of a folder."""
    try:
        if not given.is_dir():
            return [given]
        folder = given / "records" if (given / "records").is_dir() else given
        return sorted(folder.glob("[!.]*.json"))
    except (OSError, ValueError):
        return [given]
