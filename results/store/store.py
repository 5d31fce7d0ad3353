"""The store: a folder of records, each written whole or not at all.

Layout: ``records/ID.json``, ``manifests/NAME.json``, ``logs/ID.log``, ``claims/ID.lock`` while a
cell is being run, ``checkpoints/ID.…`` of cells that were cut short; a damaged record is set aside
into ``damaged/``. Nothing read from a store is ever executed.
"""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from results.errors import Damaged, Newer, UsageError
from results.records.header import RecordHeader, header
from results.records.manifest import SCHEMA as MANIFEST_SCHEMA
from results.records.manifest import Manifest
from results.records.record import Record, parse, schema_of
from results.store.locks import Lock, lock

Mark = tuple[int, int, int]
"""Tells one version of a file from another: its inode, its time of change in nanoseconds, its size.

Compared for equality alone.
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
            create: Make the folder if it is missing, and make sure that it can be written to.

        Raises:
            UsageError: If it is missing and not to be made, or can't be written.
        """
        if create:
            try:
                for name in ("records", "manifests", "logs", "claims"):
                    (root / name).mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=root / "records", buffering=0) as file:
                    file.write(b"room")
            except OSError as error:
                why = error.strerror or error
                raise UsageError(
                    f"cannot write to the store {root}: {why}; give another by --store or MEMNET_STORE"
                ) from error
        elif not (root / "records").is_dir():
            raise UsageError(
                f"there is no store at {root}: run `memnet run quick` first, or name one by --store or MEMNET_STORE"
            )
        return cls(root)

    def path(self, cell_id: str) -> Path:
        """Where the record of a cell stands."""
        return self.root / "records" / f"{cell_id}.json"

    def log_path(self, cell_id: str) -> Path:
        """Where the log of a cell stands."""
        return self.root / "logs" / f"{cell_id}.log"

    def checkpoint_path(self, cell_id: str) -> Path:
        """Where the checkpoint of a cell stands while it runs, and after it was cut short."""
        return self.root / "checkpoints" / f"{cell_id}.safetensors"

    def lock(self, cell_id: str) -> Lock | None:
        """Claim a cell, so that no other runner will run it; None where another holds it.

        Raises:
            OSError: If the store can't be written.
        """
        return lock(self.root / "claims" / f"{cell_id}.lock")

    def lock_manifest(self, name: str, *, patience: float) -> Lock | None:
        """Claim a manifest while it is read and written anew.

        None where another has held it for so many seconds.

        Raises:
            OSError: If the store can't be written.
        """
        return lock(self.root / "claims" / f"manifest-{name}.lock", patience=patience)

    def sweep(self) -> None:
        """Take away what runners that were killed had begun to write.

        What a living one is writing stays.
        """
        for path in (self.root / "records").glob(".*.tmp"):
            held = self.lock(path.name.split(".")[1])
            if held is not None:
                with held:
                    path.unlink(missing_ok=True)

    def write(self, record: Record) -> None:
        """Write a record, atomically; one already there is replaced."""
        write_whole(self.path(record.id), record.to_json())

    def read(self, cell_id: str) -> Record | None:
        """Return a cell's record, or None where there is none.

        A damaged one is set aside and counts as none.

        Raises:
            UsageError: If the record can't be opened, or a newer version wrote it.
        """
        return self._understood(self.path(cell_id), parse)

    def header(self, cell_id: str) -> RecordHeader | None:
        """Return what a survey needs of a cell's record, as :meth:`read` does of all of it.

        Many times faster.
        """
        return self._understood(self.path(cell_id), header)

    def mark(self, cell_id: str) -> Mark | None:
        """Return what tells a cell's present record from an earlier or later one.

        None where there is none.
        """
        try:
            found = self.path(cell_id).stat()
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def ids(self) -> list[str]:
        """The cells that have a record, in order."""
        return sorted(path.stem for path in (self.root / "records").glob("[!.]*.json"))

    def __iter__(self) -> Iterator[Record]:
        """Yield all records, in the order of their ids."""
        for cell_id in self.ids():
            record = self.read(cell_id)
            if record is not None:
                yield record

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what a suite is, so that reports need no suite."""
        write_whole(
            self.root / "manifests" / f"{manifest.name}.json",
            manifest.model_dump_json(by_alias=True, indent=1) + "\n",
        )

    def manifests(self) -> list[Manifest]:
        """All manifests, by name.

        Raises:
            UsageError: If one can't be read; unlike a record, it can't count as missing, for it
                says what the others are.
        """
        return [_manifest(path) for path in sorted((self.root / "manifests").glob("[!.]*.json"))]

    def damaged(self) -> list[tuple[Path, str]]:
        """Records that were set aside, each with its reason."""
        folder = self.root / "damaged"
        return [
            (path, _reason(path.with_suffix(".why"))) for path in sorted(folder.glob("[!.]*.json"))
        ]

    def _understood(self, path: Path, understand: Callable[[bytes], _Found]) -> _Found | None:
        text = _content(path)
        if text is None:
            return None
        try:
            found = understand(text)
            if found.id != path.stem:
                raise Damaged(
                    f"the file is named {path.name} and holds record {found.id}: a copy would count a seed twice"
                )
            return found
        except Newer as error:
            raise UsageError(f"cannot read the record {path}: {error}") from error
        except Damaged as error:
            self._set_aside(path, text, error)
            return None

    def _set_aside(self, path: Path, text: bytes, reason: Damaged) -> None:
        """Move a damaged record away, unless a runner is at its cell, or has just replaced it."""
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
            # a store that can't be written is still readable; the record counts as missing either
            # way
            return


def _content(path: Path) -> bytes | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("it is not a file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(
            f"cannot read the record {path}: {error.strerror or error}; mend that, or take it away"
        ) from error


def _free(path: Path) -> Path:
    """Return the path, or one like it with a number, where nothing stands yet."""
    return next(
        one
        for number in count()
        if not (one := path.with_stem(f"{path.stem}-{number}") if number else path).exists()
    )


def _reason(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "for a reason that is not noted\n"


def _manifest(path: Path) -> Manifest:
    text = path.read_bytes()
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        schema = schema_of(text)
        if schema is not None and schema > MANIFEST_SCHEMA:
            reason = f"it is of schema {schema}, and this version reads up to {MANIFEST_SCHEMA}"
            raise UsageError(
                f"cannot read the manifest {path}: {reason}; install a newer memnet-bench"
            ) from error
        raise UsageError(
            f"the manifest {path} is damaged; delete it and reissue its run: the records are kept"
        ) from error


def write_whole(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all.

    A temporary file beside it, fsync, rename. Text is written as UTF-8, line ends as they are.

    Args:
        path: Where it goes; folders are made.
        content: Text or bytes.
        durable: Wait until it is on the disk. What can be made again at any time, ten thousand
            pages of a report, need not.
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
