"""The store: a folder of records, each written atomically.

Layout: ``records/ID.json``, ``manifests/NAME.json``, ``logs/ID.log``, ``claims/ID.lock`` while a
cell runs, ``checkpoints/ID.…`` of interrupted cells, ``weights/ID.safetensors`` of cells run with
``--keep-weights``. Damaged records are moved to ``damaged/``. Nothing read from a store is ever
executed.
"""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar

from results.errors import Damaged, Newer, UsageError
from results.records.header import RecordHeader, header
from results.records.manifest import Manifest, parse_manifest
from results.records.record import Record, parse
from results.store.locks import Lock, lock

MANIFEST_TIMEOUT = 30.0
"""Seconds to wait for another process that holds a manifest."""

Mark = tuple[int, int, int]
"""Identifies a version of a file: inode, time of change in nanoseconds, size.

Only equality is meaningful.
"""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Found = TypeVar("_Found", bound=_Named)


@dataclass(frozen=True, slots=True)
class Store:
    """Records under one folder."""

    root: Path

    @classmethod
    def open(cls, root: Path, *, create: bool = False) -> "Store":
        """Open a store.

        Args:
            root: Its folder.
            create: Create the folder if it is missing, and check that it is writable.

        Raises:
            UsageError: If it is missing and ``create`` is false, or if it is not writable.
        """
        if create:
            try:
                for name in ("records", "manifests", "logs", "claims"):
                    (root / name).mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=root / "records", buffering=0) as file:
                    file.write(b"test")
            except OSError as error:
                why = error.strerror or error
                raise UsageError(
                    f"cannot write to the store {root}: {why}; "
                    "give another with --store or MEMNET_STORE"
                ) from error
        elif not (root / "records").is_dir():
            raise UsageError(
                f"there is no store at {root}: run `memnet run quick` first, "
                "or give another with --store or MEMNET_STORE"
            )
        return cls(root)

    def path(self, cell_id: str) -> Path:
        """Return the path of a cell's record."""
        return self.root / "records" / f"{cell_id}.json"

    def log_path(self, cell_id: str) -> Path:
        """Return the path of a cell's log."""
        return self.root / "logs" / f"{cell_id}.log"

    def checkpoint_path(self, cell_id: str) -> Path:
        """Return the path of the checkpoint of a running or interrupted cell."""
        return self.root / "checkpoints" / f"{cell_id}.safetensors"

    def weights_path(self, cell_id: str) -> Path:
        """Return the path of a cell's trained weights."""
        return self.root / "weights" / f"{cell_id}.safetensors"

    def lock(self, cell_id: str) -> Lock | None:
        """Lock a cell, so that no other runner runs it; None if another runner holds the lock.

        Raises:
            OSError: If the store is not writable.
        """
        return lock(self.root / "claims" / f"{cell_id}.lock")

    def lock_manifest(self, name: str, *, patience: float) -> Lock | None:
        """Lock a manifest while it is read and rewritten.

        Args:
            name: The manifest's name.
            patience: Seconds to wait for another process.

        Returns:
            The lock, or None if another process held it all that time.

        Raises:
            OSError: If the store is not writable.
        """
        return lock(self.root / "claims" / f"manifest-{name}.lock", patience=patience)

    def sweep(self) -> None:
        """Delete temporary files of killed runners; files of running cells stay."""
        folders = ("records", "checkpoints", "weights")
        for path in (path for name in folders for path in (self.root / name).glob(".*.tmp")):
            held = self.lock(path.name.split(".")[1])
            if held is not None:
                with held:
                    path.unlink(missing_ok=True)

    def write(self, record: Record) -> None:
        """Write a record atomically, replacing an existing one."""
        write_whole(self.path(record.id), record.to_json())

    def read(self, cell_id: str) -> Record | None:
        """Return a cell's record, or None if there is none.

        A damaged record is set aside and counts as missing.

        Raises:
            UsageError: If the record cannot be opened, or a newer version wrote it.
        """
        return self._parsed(self.path(cell_id), parse)

    def header(self, cell_id: str) -> RecordHeader | None:
        """Return the header of a cell's record: as :meth:`read`, and many times faster."""
        return self._parsed(self.path(cell_id), header)

    def mark(self, cell_id: str) -> Mark | None:
        """Return the version mark of a cell's record file; None if there is no record."""
        try:
            found = self.path(cell_id).stat()
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def ids(self) -> list[str]:
        """Return the sorted ids of all cells with a record."""
        return sorted(path.stem for path in (self.root / "records").glob("[!.]*.json"))

    def __iter__(self) -> Iterator[Record]:
        """Yield all records, ordered by id."""
        for cell_id in self.ids():
            record = self.read(cell_id)
            if record is not None:
                yield record

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest of a suite, so that reports need no suite."""
        write_whole(
            self.root / "manifests" / f"{manifest.name}.json",
            manifest.model_dump_json(by_alias=True, indent=1) + "\n",
        )

    def manifests(self) -> list[Manifest]:
        """Return all manifests, ordered by name.

        Raises:
            UsageError: If one cannot be read. Unlike a record, it cannot count as missing, because
                it describes the others.
        """
        return [_manifest(path) for path in sorted((self.root / "manifests").glob("[!.]*.json"))]

    def damaged(self) -> list[tuple[Path, str]]:
        """Return the records that were set aside, each with its reason."""
        folder = self.root / "damaged"
        return [
            (path, _reason(path.with_suffix(".why"))) for path in sorted(folder.glob("[!.]*.json"))
        ]

    def _parsed(self, path: Path, parser: Callable[[bytes], _Found]) -> _Found | None:
        text = _content(path)
        if text is None:
            return None
        try:
            found = parser(text)
            if found.id != path.stem:
                raise Damaged(
                    f"the file is named {path.name} and contains record {found.id}: "
                    "a copy would count a seed twice"
                )
            return found
        except Newer as error:
            raise UsageError(f"cannot read the record {path}: {error}") from error
        except Damaged as error:
            self._set_aside(path, text, error)
            return None

    def _set_aside(self, path: Path, text: bytes, reason: Damaged) -> None:
        """Move a damaged record away, unless a runner holds its cell or has just replaced it."""
        try:
            held = self.lock(path.stem)
            if held is None:
                return
            with held:
                if _content(path) == text:
                    target = _free(self.root / "damaged" / path.name)
                    write_whole(target.with_suffix(".why"), f"{reason}\n")
                    path.replace(target)
        except OSError:
            # A read-only store is still readable; the record counts as missing in any case.
            return


def _content(path: Path) -> bytes | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("it is not a regular file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(
            f"cannot read the record {path}: {error.strerror or error}; fix that, or remove it"
        ) from error


def _free(path: Path) -> Path:
    """Return the path, or the same with the first number for which no file exists."""
    return next(
        one
        for number in count()
        if not (one := path.with_stem(f"{path.stem}-{number}") if number else path).exists()
    )


def _reason(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "the reason is not recorded\n"


def _manifest(path: Path) -> Manifest:
    try:
        return parse_manifest(path.read_bytes())
    except Newer as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except Damaged as error:
        raise UsageError(
            f"cannot read {path}: {error}; delete it and repeat its run: the records stay"
        ) from error


def stores_of(given: Store | Sequence[Store]) -> Sequence[Store]:
    """Return one or several stores as a sequence."""
    return [given] if isinstance(given, Store) else given


def write_whole(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file atomically: a temporary file in the same folder, fsync, rename.

    Text is written as UTF-8 with unchanged line ends.

    Args:
        path: The file; its folders are created.
        content: Text or bytes.
        durable: Call fsync. Files that can be rebuilt at any time, as the pages of a report, do
            not need it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
