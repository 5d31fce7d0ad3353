"""``memnet validate``: checks records that third parties submit."""

from pathlib import Path
from typing import Annotated

import typer

RECORD_REFUSED = 1
"""Exit code if a record is refused."""


def validate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="Records, or folders that hold records or a records/ folder."
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="STORE",
            help="Store to compare them with [default: the published records].",
        ),
    ] = None,
) -> None:
    """Check records.

    The checks are schema, id, checksum, metrics recomputed from their curves, plausible costs,
    complete seeds, duplicates and drift.
    """
    import results.validation.validate as checks
    from results.errors import UsageError
    from results.validation.untrusted_json import printable

    paths = [path for given in files for path in _records(given)]
    if not paths:
        raise UsageError(f"no records in {printable(', '.join(map(str, files)))}")
    store = Path(checks.__file__).parent / "published" if against is None else against.expanduser()
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
