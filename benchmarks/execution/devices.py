"""The devices that cells run on."""

from typing import TYPE_CHECKING

from results.errors import UsageError

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> "torch.device":
    """Return the device called ``name``; ``auto`` is a GPU if there is one, else the processor.

    Raises:
        UsageError: If there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type != "cpu":
            torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"device '{name}' can't be used here ({reason}); "
            "use auto, cpu, or cuda where there is one"
        ) from error
    return device


def usable_devices(name: str) -> list[str]:
    """Return the devices that a name selects: every GPU for ``cuda``, or for ``auto`` with GPUs.

    Raises:
        UsageError: If there is no such device.
    """
    import torch

    device = choose_device(name)
    if device.type == "cuda" and ":" not in name:
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [str(device)]


def device_name(device: "torch.device") -> str:
    """Return a device's name for provenance; GPUs of one make have the same name."""
    import torch

    return (
        f"{device.type} ({torch.cuda.get_device_name(device)})"
        if device.type == "cuda"
        else str(device)
    )
