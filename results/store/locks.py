"""Locks: while one process holds the lock of a cell, no other process runs that cell.

A lock is an operating-system lock on a file. It ends with its process, however the process ends,
and does not depend on clocks. On a file system without such locks, filelock falls back to a file
that names its owner.
"""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout


class Lock:
    """An acquired lock.

    Args:
        lock: The acquired file lock.
    """

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def fulfil(self) -> None:
        """Release the lock and delete its file, because the cell has its record.

        The next process that acquires the lock finds the record.
        """
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()

    def __enter__(self) -> Self:
        """Return the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self.release()


def lock(path: Path, *, patience: float = 0.0) -> Lock | None:
    """Acquire the lock of a file; None if another process holds it.

    Args:
        path: The lock file.
        patience: Seconds to wait for the other process to release it.

    Raises:
        OSError: If the file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return None
    return Lock(lock)
