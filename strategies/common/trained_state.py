"""The state of a trained model as one safetensors file: its weights, and the state of training.

Tensors named ``model.…`` are the parameters and buffers of the model, under the names of its
``state_dict()``; tensors named ``training.…`` belong to the optimizer, the plugins of a method and
the generators. The metadata describes the rest as JSON. Nothing in the file is ever executed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from results.store.store import write_whole
from strategies.common.checkpoint import Parts, explain_unsaved
from strategies.common.state_json import build_value, cpu_copy, describe_value

FORMAT = "memnet weights 1"


class WeightsFile:
    """Writes the state of a cell's training, taken at the end of training, at the end of the cell.

    Args:
        path: The file; None to write none.
        cell_id: The cell.
    """

    def __init__(self, path: Path | None, cell_id: str) -> None:
        self._path = path
        self._cell_id = cell_id
        self._content: bytes | None = None

    def take(self, parts: Parts) -> None:
        """Copy the state of the parts, unless a module holds state that can't be saved."""
        if self._path is None:
            return
        state = parts.state()
        unsaved = parts.unsaved(state)
        if unsaved:
            print(f"no weights: {explain_unsaved(unsaved)}", flush=True)
        else:
            self._content = encode(state, self._cell_id)

    def write(self) -> str | None:
        """Write the file atomically and return its digest.

        None if there is nothing to write, or on a write error such as a full disk: the cell's
        record is valid without weights.
        """
        if self._path is None or self._content is None:
            return None
        try:
            write_whole(self._path, self._content)
        except OSError as error:
            print(f"no weights were written: {error}", flush=True)
            return None
        return digest_of(self._content)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of a file's content, as a record holds it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def encode(state: Mapping[str, Any], cell_id: str) -> bytes:
    """Return the content of the file for a state of :meth:`Parts.state`.

    Raises:
        TypeError: If a state holds values other than tensors, numbers, texts, None, and
            dictionaries, lists and tuples of them.
    """
    stateful = dict(state["stateful"])
    model: Mapping[str, Any] = stateful.pop("model")
    tensors = {
        f"model.{name}": cpu_copy(value)
        for name, value in model.items()
        if isinstance(value, Tensor)
    }
    extra = {name: value for name, value in model.items() if not isinstance(value, Tensor)}
    content = {"extra": extra, "training": {**state, "stateful": stateful}}
    text = json.dumps(describe_value(content, tensors, prefix="training."))
    return safetensors.torch.save(tensors, {"format": FORMAT, "cell": cell_id, "content": text})


def decode(content: bytes, cell_id: str) -> dict[str, Any]:
    """Return the state that :func:`encode` wrote, for :meth:`Parts.restore`.

    Raises:
        ValueError: If the content is not a file of this format, or belongs to another cell.
    """
    try:
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        tensors = safetensors.torch.load(content)
        if metadata["format"] != FORMAT:
            raise ValueError(f"the format is {metadata['format']!r}, not {FORMAT!r}")
        if metadata["cell"] != cell_id:
            raise ValueError(f"it belongs to cell {metadata['cell']}")
        found = build_value(json.loads(metadata["content"]), tensors)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    prefix = "model."
    model = {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
    state: dict[str, Any] = found["training"]
    state["stateful"] = {"model": {**model, **found["extra"]}, **state["stateful"]}
    return state
