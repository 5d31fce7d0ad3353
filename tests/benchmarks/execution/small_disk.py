"""A small disk of its own, which can be filled and made read-only: a tmpfs in a mount namespace, reached through ``/proc``."""

import shutil
import subprocess
from pathlib import Path

HOLD = 'mkdir -p "$0" && mount -t tmpfs -o size="$1" tmpfs "$0" && echo ready && exec sleep 3600'


class Disk:
    """A disk that lasts as long as the process that holds its namespace.

    Args:
        place: Folder to mount it on, within the namespace.
        size: Bytes.

    Raises:
        PermissionError: If this system lets us make none.
    """

    def __init__(self, place: Path, size: int) -> None:
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            raise PermissionError("there is no unshare and nsenter here (util-linux)")
        self._place = place
        self._holder = subprocess.Popen(
            [
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                HOLD,
                str(place),
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
        self.root = Path(f"/proc/{self._holder.pid}/root{place}")

    def fill(self) -> None:
        """Write until nothing more fits."""
        with (self.root / "ballast").open("ab", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                return

    def empty(self) -> None:
        """Take away what :meth:`fill` wrote."""
        (self.root / "ballast").unlink(missing_ok=True)

    def remount(self, *, writable: bool) -> bool:
        """Make the disk read-only, or writable; False where a file is being written just now."""
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
                [*entered, "mount", "-o", form, str(self._place)], capture_output=True, check=False
            ).returncode
            == 0
        )

    def close(self) -> None:
        """Give the disk up."""
        self._holder.kill()
        self._holder.communicate()
