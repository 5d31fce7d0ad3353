"""The store: a folder of records, each written whole or not at all.

Layout: ``records/ID.json``, ``manifests/NAME.json``, ``logs/ID.log``; a damaged record is set aside into ``damaged/``. Nothing read from a
store is ever executed.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from results.errors import UsageError
from results.manifest import Manifest
from results.record import Damaged, Record, parse


@dataclass(frozen=True, slots=True)
class Store:
    """Records under one folder."""

    root: Path

    @classmethod
    def open(cls, root: Path, *, create: bool = False) -> "Store":
        """Open a store.

        Args:
            root: Its folder.
            create: Make the folder if it is missing, and make sure that it can be written to.

        Raises:
            UsageError: If it is missing and not to be made, or can't be written.
        """
        if create:
            try:
                for name in ("records", "manifests", "logs"):
                    (root / name).mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=root / "records"):
                    pass
            except OSError as error:
                why = error.strerror or error
                raise UsageError(f"cannot write to the store {root}: {why}; give another by --store or MEMNET_STORE") from error
        elif not (root / "records").is_dir():
            raise UsageError(f"there is no store at {root}: run `memnet run quick` first, or name one by --store or MEMNET_STORE")
        return cls(root)

    def path(self, cell_id: str) -> Path:
        """Where the record of a cell stands."""
        return self.root / "records" / f"{cell_id}.json"

    def log_path(self, cell_id: str) -> Path:
        """Where the log of a cell stands."""
        return self.root / "logs" / f"{cell_id}.log"

    def write(self, record: Record) -> None:
        """Write a record, atomically; one already there is replaced."""
        write_whole(self.path(record.id), record.to_json())

    def read(self, cell_id: str) -> Record | None:
        """Return a cell's record, or None where there is none. A damaged one is set aside and counts as none."""
        path = self.path(cell_id)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            record = parse(text)
            if record.id != path.stem:
                raise Damaged(f"the file is named {path.name} and holds record {record.id}: a copy would count a seed twice")
            return record
        except Damaged as error:
            self._set_aside(path, error)
            return None

    def __iter__(self) -> Iterator[Record]:
        """Yield all records, in the order of their ids."""
        for path in sorted((self.root / "records").glob("*.json")):
            record = self.read(path.stem)
            if record is not None:
                yield record

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what a suite is, so that reports need no suite."""
        write_whole(self.root / "manifests" / f"{manifest.name}.json", manifest.model_dump_json(indent=1) + "\n")

    def manifests(self) -> list[Manifest]:
        """All manifests, by name.

        Raises:
            UsageError: If one can't be read; unlike a record, it can't count as missing, for it says what the others are.
        """
        return [_manifest(path) for path in sorted((self.root / "manifests").glob("*.json"))]

    def damaged(self) -> list[tuple[Path, str]]:
        """Records that were set aside, each with its reason."""
        folder = self.root / "damaged"
        return [(path, path.with_suffix(".why").read_text()) for path in sorted(folder.glob("*.json"))]

    def _set_aside(self, path: Path, reason: Damaged) -> None:
        target = self.root / "damaged" / path.name
        try:
            target.parent.mkdir(exist_ok=True)
            write_whole(target.with_suffix(".why"), f"{reason}\n")
            path.replace(target)
        except OSError:
            return  # a store that can't be written is still readable; the record counts as missing either way


def _manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UsageError(f"the manifest {path} is damaged; delete it and reissue its run: the records are kept") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a temporary file beside it, fsync, rename. Text is written as UTF-8, line ends as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
