"""The memory of the machine, of which a cell's process can't allocate more than there is.

Linux grants memory that it does not have, and kills a process that writes to it. A limit on the
process's own data turns this into an error at the allocation, which names the way out. Several
cells may still use up the memory together; the kernel counts the processes that it kills for it.
"""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def machine_bytes() -> int:
    """Return the bytes of memory that processes can have: RAM and swap, or a smaller limit."""
    total = int(psutil.virtual_memory().total + psutil.swap_memory().total)
    return min((total, *_container_limits()))


def limit_to_machine() -> None:
    """Let this process allocate no more than the memory of the machine, on Linux."""
    with suppress(OSError, ValueError, IndexError):
        most = _data_bytes() + machine_bytes()
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min((most, *bounds)), hard))


def kernel_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory; 0 if unknown."""
    with suppress(OSError, ValueError, IndexError):
        return int((PROC / "vmstat").read_text().split("oom_kill ")[1].split()[0])
    return 0


def _data_bytes() -> int:
    """Return the bytes that count against the limit."""
    status = (PROC / "self" / "status").read_text()
    return 1024 * int(status.split("VmData:")[1].split()[0])


def _container_limits() -> Iterator[int]:
    """Yield the limits of this process's control groups, of both versions."""
    with suppress(OSError):
        for line in (PROC / "self" / "cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number != "0" and "memory" not in controllers.split(","):
                continue
            folder = CGROUPS if number == "0" else CGROUPS / "memory"
            file = "memory.max" if number == "0" else "memory.limit_in_bytes"
            group = folder / path.strip("/")
            for place in (group, *group.parents):
                if place.is_relative_to(folder):
                    with suppress(OSError, ValueError):  # no such file, or "max"
                        yield int((place / file).read_text())
