"""A claim on a cell: while one process holds it, no other will run that cell.

It is a lock of the operating system on a file, so it ends with the process that holds it, however
that process ends, and no clock is asked. On a file system without such locks, filelock falls back
to a file that names its owner.
"""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout


class Lock:
    """A claim that is held.

    Args:
        lock: The lock, acquired.
    """

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Give the claim up."""
        self._lock.release()

    def fulfil(self) -> None:
        """Give the claim up for good: what it was for is there, so its file goes too.

        Whoever claims next finds the record.
        """
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()

    def __enter__(self) -> Self:
        """Hold on."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the claim up."""
        self.release()


def lock(path: Path, *, patience: float = 0.0) -> Lock | None:
    """Claim what a lock file stands for; None where another holds the claim.

    Args:
        path: The file.
        patience: Seconds to wait for the other to give it up.

    Raises:
        OSError: If the file can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return None
    return Lock(lock)
