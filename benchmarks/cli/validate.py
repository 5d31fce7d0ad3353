"""``memnet validate``: checks records that third parties submit."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli.paths import folder
from results.errors import UsageError

RECORD_REFUSED = 1
"""Exit code if a record is refused."""

SHOWN_FILES = 2
"""Files that a note on several records names."""


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
    """Check records before they are submitted.

    The checks are schema, id, checksum, metrics recomputed from their curves, plausible costs,
    complete seeds, duplicates and drift. Valid records of earlier versions of the code are listed
    as outdated. Equal notes share a line, with two of the records. Manifests are recognised.
    """
    import results.validation.validate as checks
    from results.store.published_store import PUBLISHED, store_folder
    from results.validation.untrusted_json import printable

    paths = [path for given in files for path in _records(given)]
    if not paths:
        raise UsageError(f"no records in {printable(', '.join(map(str, files)))}")
    store = store_folder(PUBLISHED) if against is None else against
    if against is not None and not (store / "records").is_dir():
        raise UsageError(
            f"there is no store at {store}: --against takes a folder with a records/ folder"
        )
    findings = checks.validate(paths, checks.known_records(store))
    notes: dict[str, dict[str, str]] = defaultdict(dict)
    for finding in findings:
        line = f"{printable(str(finding.path))}: {finding.severity}: {finding.reason}"
        if finding.group:
            notes[f"note: {finding.group}"][printable(str(finding.path))] = line
        else:
            print(line)
    refused = {finding.path for finding in findings if finding.severity == "refused"}
    manifests = {finding.path for finding in findings if finding.severity == "manifest"}
    accepted = [path for path in paths if path not in refused | manifests]
    outdated = _outdated(accepted)
    for path, reason in outdated.items():
        shown, why = printable(str(path)), printable(reason)
        notes[f"outdated: {why}"][shown] = f"{shown}: outdated: {why}"
    for note, lines in notes.items():
        print(_grouped(note, lines))
    print(_summary(len(accepted), len(refused), len(outdated), len(manifests)))
    if refused:
        raise typer.Exit(RECORD_REFUSED)


def _grouped(note: str, lines: Mapping[str, str]) -> str:
    """Return a single note as it is, and equal ones as their number with a few files."""
    if len(lines) == 1:
        return next(iter(lines.values()))
    return f"{note} ({len(lines)} times, such as {' and '.join(list(lines)[:SHOWN_FILES])})"


def _summary(accepted: int, refused: int, outdated: int, manifests: int) -> str:
    records = accepted + refused
    return (
        f"{records} record{'s' if records != 1 else ''}: {accepted} accepted"
        + (f" ({outdated} outdated)" if outdated else "")
        + f", {refused} refused"
        + (f"; {manifests} manifest{'s' if manifests != 1 else ''}" if manifests else "")
    )


def _outdated(paths: list[Path]) -> dict[Path, str]:
    """Return the valid records that today's code would not make again, with the reason."""
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.earlier_versions import earlier_versions
    from results.records.record import parse

    cells = {path: parse(path.read_bytes()).cell for path in paths}
    found = earlier_versions(cells.values(), Catalog.read())
    return {path: found[cell.id] for path, cell in cells.items() if cell.id in found}


def _records(given: Path) -> list[Path]:
    """Return the file itself, or the records of a folder."""
    try:
        if not given.is_dir():
            return [given]
        folder = given / "records" if (given / "records").is_dir() else given
        return sorted(folder.glob("[!.]*.json"))
    except (OSError, ValueError):
        return [given]
