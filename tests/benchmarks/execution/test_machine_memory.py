"""The memory of the machine: limits of containers, and a process's own limit."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.execution import machine_memory
from benchmarks.execution.machine_memory import kernel_kills, machine_bytes

ALLOCATE = """
import mmap, sys
from benchmarks.execution.machine_memory import limit_to_machine, machine_bytes
if sys.argv[1] == "limited":
    limit_to_machine()
private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
try:  # in four parts, which are never written, so they take no memory
    parts = [mmap.mmap(-1, machine_bytes() // 2, flags=private) for _ in range(4)]
    print("granted")
except OSError:
    print("refused")
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in place of those of the kernel."""
    monkeypatch.setattr(machine_memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(machine_memory, "CGROUPS", tmp_path / "cgroup")
    (tmp_path / "proc" / "self").mkdir(parents=True)
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_a_limited_process_gets_no_more_memory_than_there_is() -> None:
    answers = [
        subprocess.run(
            [sys.executable, "-c", ALLOCATE, way], capture_output=True, text=True, check=True
        ).stdout.strip()
        for way in ("limited", "free")
    ]
    if answers[1] == "refused":
        pytest.skip("this machine promises no memory that it does not have")
    assert answers == ["refused", "granted"]


def test_memory_is_that_of_the_machine_without_containers(system: Path) -> None:
    assert machine_bytes() == psutil.virtual_memory().total + psutil.swap_memory().total


@pytest.mark.parametrize(
    ("groups", "file"),
    [
        ("0::/a/b\n", "cgroup/a/memory.max"),
        ("0::/a/b\n", "cgroup/a/b/memory.max"),
        ("0::/outside\n", "cgroup/memory.max"),
        ("3:cpu:/\n4:memory:/a/b\n0::/\n", "cgroup/memory/a/memory.limit_in_bytes"),
        ("4:memory:/outside\n", "cgroup/memory/memory.limit_in_bytes"),
    ],
)
def test_the_smallest_limit_of_a_container_counts(system: Path, groups: str, file: str) -> None:
    put(system / "proc/self/cgroup", groups)
    put(system / "cgroup/a/b/memory.max", "max\n")
    put(system / file, "1000000\n")
    put(system / "cgroup/other/memory.max", "10\n")
    assert machine_bytes() == 1_000_000


def test_kills_by_the_kernel_are_counted(system: Path) -> None:
    assert kernel_kills() == 0
    put(system / "proc/vmstat", "nr_free_pages 5\noom_kill 3\npgfault 7\n")
    assert kernel_kills() == 3
