import subprocess
import sys

import pytest
import torch

from benchmarks.execution.devices import choose_device, device_name, untested, usable_devices
from results.errors import UsageError


@pytest.mark.parametrize(
    ("device", "named"), [("cuda:99", "cuda:99"), ("abacus", "abacus"), ("", "''")]
)
def test_a_missing_device_is_an_error(device: str, named: str) -> None:
    with pytest.raises(UsageError, match=f"{named}.*use auto, cpu"):
        choose_device(device)


def test_cuda_selects_every_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """With simulated GPUs, since the machine of the tests may have none."""
    assert usable_devices("cpu") == ["cpu"]
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "An Accelerator")
    assert usable_devices("auto") == ["cuda:0", "cuda:1"]
    assert (
        device_name(torch.device("cuda:0"))
        == device_name(torch.device("cuda:1"))
        == "cuda (An Accelerator)"
    )
    assert device_name(torch.device("cpu")) == "cpu"


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has mps")
def test_a_missing_mps_is_refused_in_one_short_line() -> None:
    """Torch's own message lists all of its backends."""
    with pytest.raises(
        UsageError, match=r"device 'mps' can't be used here .*use auto, cpu"
    ) as found:
        choose_device("mps")
    assert len(str(found.value)) < 200
    assert "\n" not in str(found.value)


def test_mps_is_labelled_untested() -> None:
    assert device_name(torch.device("mps")) == "mps (untested)"
    (note,) = untested("mps", "linux")
    assert note.startswith("device mps is untested")
    (note,) = untested("auto", "darwin")
    assert note.startswith("macOS is untested")
    assert untested("cuda:0", "linux") == ()


def test_windows_is_refused_in_one_line() -> None:
    script = (
        "import sys, results.errors, benchmarks\n"
        "sys.platform = 'win32'\n"
        "try:\n"
        "    import benchmarks.execution\n"
        "except results.errors.UsageError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("cells can't run on Windows")
    assert "WSL 2" in done.stdout
