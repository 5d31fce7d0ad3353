"""A small disk that can be filled and made read-only.

It is a tmpfs in a mount namespace, accessed through ``/proc``.
"""

import shutil
import subprocess
from pathlib import Path

HOLD = 'mkdir -p "$0" && mount -t tmpfs -o size="$1" tmpfs "$0" && echo ready && exec sleep 3600'


class Disk:
    """A disk that lasts as long as the process that holds its namespace.

    Args:
        folder: Folder to mount it on, within the namespace.
        size: Bytes.

    Raises:
        PermissionError: If this system does not allow it.
    """

    def __init__(self, folder: Path, size: int) -> None:
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            raise PermissionError("unshare and nsenter are missing here (util-linux)")
        self._folder = folder
        self._holder = subprocess.Popen(
            [
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                HOLD,
                str(folder),
                str(size),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            _, errors = self._holder.communicate()
            raise PermissionError(f"no tmpfs can be mounted here: {errors.strip()}")
        self.root = Path(f"/proc/{self._holder.pid}/root{folder}")

    def fill(self) -> None:
        """Write until the disk is full."""
        with (self.root / "ballast").open("ab", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                return

    def empty(self) -> None:
        """Delete the file of :meth:`fill`."""
        (self.root / "ballast").unlink(missing_ok=True)

    def remount(self, *, writable: bool) -> bool:
        """Make the disk read-only or writable; return False if a file is being written."""
        form = f"remount,{'rw' if writable else 'ro'}"
        entered = [
            "nsenter",
            "--target",
            str(self._holder.pid),
            "--user",
            "--mount",
            "--preserve-credentials",
        ]
        return (
            subprocess.run(
                [*entered, "mount", "-o", form, str(self._folder)], capture_output=True, check=False
            ).returncode
            == 0
        )

    def close(self) -> None:
        """Remove the disk."""
        self._holder.kill()
        self._holder.communicate()
