"""Checkpoints inside a long cell.

What training has come to is kept twice a minute, so that a cell which is cut short goes on from
there.

A checkpoint is one safetensors file: the tensors, and as its metadata a JSON text that says where
each belongs. Nothing in it is ever executed. It is written whole or not at all, carries a checksum,
and is taken up only by the code, packages and machine that wrote it (the ``key``); any other is as
good as none. What is restored is exact, so a cell that was resumed ends in the numbers of one that
was not.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from results.store.store import write_whole

EVERY = 30.0
"""Seconds between two checkpoints.

With the time to write one, less than a minute of work is lost.
"""


@runtime_checkable
class Stateful(Protocol):
    """What has a state to save: a module, an optimiser, a schedule of its rate."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Restore it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that training changes.

    The global generators (torch's, NumPy's, Python's) belong to it and need not be named.

    Attributes:
        stateful: Module, optimiser and schedule, by name.
        generators: The generators that are drawn from.
    """

    stateful: Mapping[str, Stateful]
    generators: Sequence[torch.Generator] = ()

    def state(self) -> dict[str, Any]:
        """Return the state of all of it."""
        return {
            "stateful": {name: part.state_dict() for name, part in self.stateful.items()},
            "generators": [generator.get_state() for generator in self.generators],
            "global": _global_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring all of it into a state that :meth:`state` returned."""
        for name, part in self.stateful.items():
            part.load_state_dict(state["stateful"][name])
        for generator, its in zip(self.generators, state["generators"], strict=True):
            generator.set_state(its)
        _restore_global_state(state["global"])


class Checkpoint:
    """The checkpoint of one cell: of its training and, behind it, of its evaluation.

    Args:
        path: Where it stands; None for a cell that keeps none.
        key: What it must have been written by.
        every: Seconds between two checkpoints; `EVERY` if None.

    Attributes:
        earlier: Seconds on the wall and on the processor that went into the training that was
            restored; zeros where none was.
        noted: How far the evaluation had come; None where it had not begun.
    """

    def __init__(self, path: Path | None = None, key: str = "", every: float | None = None) -> None:
        self.path = path
        self.key = key
        self.every = EVERY if every is None else every
        self.earlier = (0.0, 0.0)
        self.noted: Any = None
        self._content: dict[str, Any] = {}
        self._began = self._clocks()
        self._last = time.monotonic()

    def resume(self, parts: Parts) -> dict[str, Any] | None:
        """Begin: restore the parts from the checkpoint and return the counters kept with it.

        None where there is none to go on from.
        """
        self._began = self._clocks()
        content = None if self.path is None else load(self.path, self.key)
        if content is None:
            return None
        parts.restore(content["parts"])
        self.earlier = content["spent"]
        self.noted = content.get("evaluation")
        self._content = content
        counters: dict[str, Any] = content["counters"]
        return counters

    def keep(self, parts: Parts, counters: Mapping[str, Any], *, final: bool = False) -> None:
        """Write a checkpoint, if it is time to.

        A disk that is full is no reason for a cell to fail: it goes on without.

        Args:
            parts: What training changes.
            counters: How far training has come: numbers, texts, lists and tensors.
            final: Training is over: what is kept now is kept with every note on the evaluation too.
        """
        if self.path is None or not (final or self.due):
            return
        spent = tuple(
            now - began + earlier
            for now, began, earlier in zip(self._clocks(), self._began, self.earlier, strict=True)
        )
        self._content = {"parts": parts.state(), "counters": dict(counters), "spent": spent}
        if self.due:
            self._write()

    def note(self, progress: Callable[[], Any]) -> None:
        """Write how far the evaluation has come, if it is time to.

        Args:
            progress: Tells it, in what is nested of numbers, texts, lists and tensors.
        """
        if self.due:
            self._content = {**self._content, "evaluation": progress()}
            self._write()

    @property
    def due(self) -> bool:
        """Whether it is time to write one."""
        return self.path is not None and time.monotonic() - self._last >= self.every

    def _write(self) -> None:
        assert self.path is not None
        try:
            write(self.path, self._content, self.key)
        except (OSError, TypeError) as error:
            print(f"no checkpoint was written: {error}", flush=True)
        self._last = time.monotonic()

    @staticmethod
    def _clocks() -> tuple[float, float]:
        return (time.perf_counter(), time.process_time())


def write(path: Path, content: Any, key: str) -> None:
    """Write what is nested of dictionaries, lists, tuples, tensors, numbers, texts and None into one file, whole or not at all.

    Raises:
        OSError: If it can't be written.
        TypeError: If the content holds something else.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_described(content, tensors))
    metadata = {"key": key, "content": text, "sha256": _digest(key, text, tensors)}
    write_whole(path, save(tensors, metadata))


def load(path: Path, key: str) -> Any:
    """Read what :func:`write` wrote.

    None where there is no file, or one that is damaged or of another key.
    """
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
        return _built(json.loads(metadata["content"]), tensors)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError):
        return None


def _described(value: Any, tensors: dict[str, Tensor]) -> list[Any]:
    """Describe a value in JSON, as ``[kind, content]``.

    Its tensors are put aside, under numbers.
    """
    match value:
        case Tensor():
            name = str(len(tensors))
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
            return ["tensor", name]
        case dict():
            return [
                "dict",
                [
                    [_described(key, tensors), _described(item, tensors)]
                    for key, item in value.items()
                ],
            ]
        case list() | tuple():
            return [type(value).__name__, [_described(item, tensors) for item in value]]
        case bool() | int() | float() | str() | None:
            return ["plain", value]
    raise TypeError(
        f"a {type(value).__name__} can't stand in a checkpoint: only tensors, numbers, texts, None and what is nested of them"
    )


def _built(description: list[Any], tensors: Mapping[str, Tensor]) -> Any:
    """Build the value that was described.

    Raises:
        ValueError: If a description is not of the form.
    """
    kind, content = description
    match kind:
        case "tensor":
            return tensors[content]
        case "dict":
            return {_built(key, tensors): _built(item, tensors) for key, item in content}
        case "list":
            return [_built(item, tensors) for item in content]
        case "tuple":
            return tuple(_built(item, tensors) for item in content)
        case "plain":
            return content
    raise ValueError(f"a checkpoint holds no {kind!r}")


def _digest(key: str, text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(f"{key}\n{text}\n".encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _global_state() -> dict[str, Any]:
    # The global NumPy generator, which other packages use.
    name, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "numpy": (str(name), [int(key) for key in keys], int(place), int(has_gauss), float(gauss)),
        "python": random.getstate(),
    }


def _restore_global_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, place, has_gauss, gauss = state["numpy"]
    keys = np.array(keys, dtype=np.uint32)
    np.random.set_state((name, keys, place, has_gauss, gauss))  # noqa: NPY002
    random.setstate(state["python"])
