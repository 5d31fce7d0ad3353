"""Detects state of a module that its ``state_dict()`` does not hold.

A module may hold state in plain Python attributes: a counter, a running mean, the hidden state of
the last step. A checkpoint restores parameters, buffers and extra state, but not these, so a
resumed cell would give other numbers. The attributes that training has changed are compared with
those that ``load_state_dict(state_dict())`` restores.

Covered are numbers, texts, tensors and arrays, also in lists, tuples, dictionaries, sets and
dataclasses, and generators, as attributes of the module and its submodules. Other objects are not
looked into, nor the attributes that a module names in ``transient_attributes``: those that it
computes again from its other state or inputs, such as a cache.
"""

import copy
import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Key = tuple[str, str]
"""The name of a submodule (empty for the module itself) and of one of its attributes."""

MODULE_ATTRIBUTES = frozenset(vars(nn.Module()))
"""Attributes of every module: parameters, buffers, submodules, hooks and the mode."""

Leaf = bool | int | float | complex | str | bytes | np.generic | None


class Attributes:
    """The attributes of a module at the start of training.

    Args:
        module: The module.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._values = {key: copy.deepcopy(value) for key, value in _values(module)}
        self._digests = {key: _digest(value) for key, value in self._values.items()}
        self._generators = dict(_generators(module))

    def unsaved(self, saved: Any) -> list[str]:
        """Return the names of the attributes that training changed and nothing restores.

        The module is unchanged afterwards.

        Args:
            saved: The whole state that a checkpoint holds. A generator whose state is in it counts
                as restored, since a plugin may save it.
        """
        changed = {
            key: _digest(value)
            for key, value in _values(self._module)
            if _digest(value) != self._digests.get(key)
        }
        names = []
        if changed:
            restored = self._restored(changed)
            names += [key for key, digest in changed.items() if restored.get(key) != digest]
        states = list(_tensors(saved))
        for key, state in _generators(self._module):
            before = self._generators.get(key)
            moved = before is None or not torch.equal(before, state)
            if moved and not any(torch.equal(state, other) for other in states):
                names.append(key)
        return [".".join(part for part in key if part) for key in names]

    def _restored(self, changed: Mapping[Key, bytes]) -> dict[Key, bytes]:
        """Reset the changed attributes, load the module's own state, and return the digests."""
        modules = dict(self._module.named_modules())
        state = self._module.state_dict()
        present = {key: vars(modules[key[0]])[key[1]] for key in changed}
        try:
            for key in changed:
                place, name = key
                if key in self._values:
                    modules[place].__dict__[name] = copy.deepcopy(self._values[key])
                else:
                    del modules[place].__dict__[name]
            self._module.load_state_dict(state)
            return {key: _digest(value) for key, value in _values(self._module)}
        finally:
            for (place, name), value in present.items():
                modules[place].__dict__[name] = value


def _attributes(module: nn.Module) -> Iterator[tuple[Key, Any]]:
    for place, part in module.named_modules():
        transient = getattr(part, "transient_attributes", ())
        for name, value in vars(part).items():
            if name not in MODULE_ATTRIBUTES and name not in transient:
                yield (place, name), value


def _values(module: nn.Module) -> Iterator[tuple[Key, Any]]:
    tensors = [*module.parameters(), *module.buffers()]
    own = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    for key, value in _attributes(module):
        if _is_plain(value, own):
            yield key, value


def _generators(module: nn.Module) -> Iterator[tuple[Key, Tensor]]:
    for key, value in _attributes(module):
        if isinstance(value, torch.Generator):
            yield key, value.get_state()


MAX_DEPTH = 10
"""Deepest nesting of a value that is compared; deeper ones, as of a cycle, are not looked into."""


def _is_plain(value: Any, own: set[int], depth: int = 0) -> bool:
    """Return whether a value can be copied and compared.

    A tensor that shares memory with a parameter or buffer (``own``) is restored with it. A tensor
    with a graph is a result of the last step, which no later step may use.
    """
    if isinstance(value, Leaf):
        return True
    if isinstance(value, Tensor):
        dense = value.layout == torch.strided and value.grad_fn is None
        return bool(dense) and value.untyped_storage().data_ptr() not in own
    if isinstance(value, np.ndarray):
        return bool(value.dtype != object)
    items = _items(value) if depth < MAX_DEPTH else None
    return items is not None and all(_is_plain(item, own, depth + 1) for item in items)


def _items(value: Any) -> list[Any] | None:
    """Return the items of a container in a fixed order; None if the value is no container."""
    if isinstance(value, dict):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, list | tuple | deque):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return None


def _digest(value: Any) -> bytes:
    digest = hashlib.sha256(type(value).__name__.encode())
    if isinstance(value, Tensor):
        array = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        digest.update(f"{value.dtype} {tuple(value.shape)}".encode() + array.tobytes())
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype} {value.shape}".encode() + value.tobytes())
    elif (items := _items(value)) is not None:
        for item in items:
            digest.update(_digest(item))
    else:
        digest.update(repr(value).encode())
    return digest.digest()


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    else:
        for item in _items(state) or []:
            yield from _tensors(item)
