import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from results.store.locks import lock

HOLD = """
import sys, time
from pathlib import Path
from results.store.locks import lock
held = lock(Path(sys.argv[1]))
print("held" if held else "refused", flush=True)
time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_lock_has_one_owner_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "a.lock"
    first = lock(path)
    assert first is not None
    assert lock(path) is None
    assert lock(path.with_name("b.lock")) is not None
    first.release()
    second = lock(path)
    assert second is not None
    second.fulfil()
    assert not path.exists()
    assert lock(path) is not None


def test_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    other = holder(path)
    assert lock(path) is None
    end(other)
    assert lock(path) is not None


def test_lock_of_a_stopped_process_stays_whatever_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    other = holder(path)
    os.kill(other.pid, signal.SIGSTOP)
    for shift in (-1e6, 1e6):
        os.utime(path, (time.time() + shift, time.time() + shift))
        assert lock(path) is None
    end(other)
