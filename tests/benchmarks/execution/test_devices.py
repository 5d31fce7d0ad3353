import pytest
import torch

from benchmarks.execution.devices import choose_device, device_name, usable_devices
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
