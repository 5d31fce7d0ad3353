"""Checkpoints within a cell, written twice a minute, so that an interrupted cell resumes.

A checkpoint is one safetensors file: the tensors, and as its metadata a JSON text that describes
where each belongs. Nothing in it is ever executed. It is written atomically, carries a checksum,
and is accepted only by the code, packages and machine that wrote it (the ``key``); any other file
is ignored. The restored state is exact: a resumed cell gives the same numbers as an uninterrupted
one.
"""

import contextlib
import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from results.store.store import write_whole
from strategies.common.state_json import build_value, describe_value
from strategies.common.unsaved_attributes import Attributes

EVERY = 30.0
"""Seconds between two checkpoints; an interruption costs less than a minute of work."""


@runtime_checkable
class Stateful(Protocol):
    """An object with a state to save, such as a module, an optimizer or a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Restore it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that training changes.

    The global generators (torch's, NumPy's, Python's) are always included.

    Attributes:
        stateful: Module, optimizer and schedule, by name.
        generators: The other generators that training draws from.
    """

    stateful: Mapping[str, Stateful]
    generators: Sequence[torch.Generator] = ()
    _attributes: Mapping[str, Attributes] = field(init=False)

    def __post_init__(self) -> None:
        """Take the attributes of the modules, before training changes them."""
        modules = {
            name: Attributes(part)
            for name, part in self.stateful.items()
            if isinstance(part, nn.Module)
        }
        object.__setattr__(self, "_attributes", modules)

    def unsaved(self, state: Mapping[str, Any]) -> list[str]:
        """Return the names of attributes that training changed and ``state`` does not restore.

        Args:
            state: The present state, of :meth:`state`.
        """
        return [
            f"{name}.{attribute}"
            for name, attributes in self._attributes.items()
            for attribute in attributes.unsaved(state)
        ]

    def state(self) -> dict[str, Any]:
        """Return the state of all parts."""
        return {
            "stateful": {name: part.state_dict() for name, part in self.stateful.items()},
            "generators": [generator.get_state() for generator in self.generators],
            "global": global_state(),
        }

    def restore(self, state: Mapping[str, Any], *, global_generators: bool = True) -> None:
        """Restore what :meth:`state` returned, by default with the global generators."""
        for name, part in self.stateful.items():
            part.load_state_dict(state["stateful"][name])
        for generator, saved in zip(self.generators, state["generators"], strict=True):
            generator.set_state(saved)
        if global_generators:
            restore_global_state(state["global"])


class Checkpoint:
    """The checkpoint of one cell: its training and then its evaluation.

    Args:
        path: Its file; None for no checkpoint.
        key: Identity of the writer; a file with another key is ignored.
        every: Seconds between two checkpoints; `EVERY` if None.

    Attributes:
        evaluation: Restored progress of the evaluation; None if it had not begun.
    """

    def __init__(self, path: Path | None = None, key: str = "", every: float | None = None) -> None:
        self.path = path
        self.key = key
        self.every = EVERY if every is None else every
        self.evaluation: Any = None
        self._content: dict[str, Any] = {}
        self._last = time.monotonic()

    def resume(self, parts: Parts) -> dict[str, Any] | None:
        """Restore the parts and return the counters; None if there is no valid checkpoint."""
        content = None if self.path is None else load(self.path, self.key)
        if content is None:
            return None
        parts.restore(content["parts"])
        self.evaluation = content.get("evaluation")
        self._content = content
        counters: dict[str, Any] = content["counters"]
        return counters

    def save(self, parts: Parts, counters: Mapping[str, Any], *, final: bool = False) -> None:
        """Write a checkpoint if one is due.

        If a module holds state that its ``state_dict()`` does not, no checkpoint is written, and an
        interrupted cell starts again from step 0.

        A write error, such as a full disk, does not end the cell; it continues without.

        Args:
            parts: Everything that training changes.
            counters: Progress of the training: numbers, texts, lists and tensors.
            final: Whether training is over; this state is then part of the evaluation's
                checkpoints too.
        """
        if self.path is None or not (final or self.due):
            return
        state = parts.state()
        unsaved = parts.unsaved(state)
        if unsaved:
            self._give_up(unsaved)
            return
        self._content = {"parts": state, "counters": dict(counters)}
        if self.due:
            self._write()

    def save_evaluation(self, progress: Callable[[], Any]) -> None:
        """Write the progress of the evaluation if a checkpoint is due.

        Args:
            progress: Returns it: nested numbers, texts, lists and tensors.
        """
        if self.due:
            self._content = {**self._content, "evaluation": progress()}
            self._write()

    def _give_up(self, unsaved: Sequence[str]) -> None:
        """Write no further checkpoints: a resumed cell would give other numbers."""
        assert self.path is not None
        print(f"no checkpoints: {explain_unsaved(unsaved)}", flush=True)
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.path = None

    @property
    def due(self) -> bool:
        """Whether the next checkpoint is due."""
        return self.path is not None and time.monotonic() - self._last >= self.every

    def _write(self) -> None:
        assert self.path is not None
        try:
            write(self.path, self._content, self.key)
        except (OSError, TypeError) as error:
            print(f"no checkpoint was written: {error}", flush=True)
        self._last = time.monotonic()


def explain_unsaved(names: Sequence[str]) -> str:
    """Return one line on attributes whose state is not saved, with the way out."""
    return (
        f"training changes {', '.join(names)}, which state_dict() does not hold; use "
        "register_buffer or get_extra_state and set_extra_state, or list it in "
        "transient_attributes if the model computes it again"
    )


def write(path: Path, content: Any, key: str) -> None:
    """Write nested dictionaries, lists, tuples, tensors, numbers, texts and None atomically.

    Raises:
        OSError: If the file can't be written.
        TypeError: If the content holds another type.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(describe_value(content, tensors))
    metadata = {"key": key, "content": text, "sha256": _digest(key, text, tensors)}
    write_whole(path, save(tensors, metadata))


def load(path: Path, key: str) -> Any:
    """Read a file of :func:`write`; None if it is missing, damaged or has another key."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
        if metadata["key"] != key or metadata["sha256"] != _digest(
            key, metadata["content"], tensors
        ):
            return None
        return build_value(json.loads(metadata["content"]), tensors)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError):
        return None


def _digest(key: str, text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(f"{key}\n{text}\n".encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def global_state() -> dict[str, Any]:
    """Return the state of the global generators of torch, NumPy and Python."""
    # Other packages draw from NumPy's global generator.
    name, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "numpy": (str(name), [int(key) for key in keys], int(place), int(has_gauss), float(gauss)),
        "python": random.getstate(),
    }


def restore_global_state(state: Mapping[str, Any]) -> None:
    """Restore what :func:`global_state` returned; GPU generators only where there are GPUs."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, place, has_gauss, gauss = state["numpy"]
    keys = np.array(keys, dtype=np.uint32)
    np.random.set_state((name, keys, place, has_gauss, gauss))  # noqa: NPY002
    random.setstate(state["python"])
