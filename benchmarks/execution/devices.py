"""The devices that cells run on."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from results.errors import UsageError

if TYPE_CHECKING:
    import torch


UNTESTED_DEVICES = ("mps",)
"""Kinds of device that torch may have and that no test of this project ran on."""

UNTESTED_SYSTEMS: Mapping[str, str] = {"darwin": "macOS"}
"""Systems that no test of this project ran on, by their name in `sys.platform`."""


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
        reason = str(error).splitlines()[0].partition(". ")[0]
        raise UsageError(
            f"device '{name}' can't be used here ({reason}); "
            "use auto, cpu, or cuda or mps where there is one"
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

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device} (untested)" if device.type in UNTESTED_DEVICES else str(device)


def untested(device: str, system: str = sys.platform) -> tuple[str, ...]:
    """Return notes on what this project was never run on, one line each.

    Args:
        device: Name of the device.
        system: Name of the system, as in `sys.platform`.
    """
    kind = device.partition(":")[0]
    notes = [f"device {kind} is untested: compare a short run with --device cpu"]
    notes = notes if kind in UNTESTED_DEVICES else []
    if system in UNTESTED_SYSTEMS:
        notes.append(f"{UNTESTED_SYSTEMS[system]} is untested; --memory limits may not work there")
    return tuple(notes)
