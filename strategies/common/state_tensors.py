"""A model's state as a flat list of leaves for a checkpoint; the model provides the structure."""

import dataclasses
from collections.abc import Iterator
from typing import Any


def flatten_state(state: Any) -> list[Any]:
    """Return the leaves of a state in order: all but dataclasses, tuples and dictionaries."""
    return list(_flatten(state))


def unflatten_state(state: Any, content: list[Any]) -> Any:
    """Return a state of the same structure with other leaves.

    Args:
        state: Any state of the model; it provides the structure.
        content: The leaves of another state, as :func:`flatten_state` returned them.

    Raises:
        ValueError: If the number of leaves differs from that of the state.
    """
    left = iter(content)
    try:
        built = _unflatten(state, left)
    except StopIteration:
        raise ValueError(f"{len(content)} leaves are too few for this state") from None
    if next(left, left) is not left:
        raise ValueError(f"{len(content)} leaves are too many for this state")
    return built


def _flatten(state: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        for field in dataclasses.fields(state):
            yield from _flatten(getattr(state, field.name))
    elif isinstance(state, tuple):
        for item in state:
            yield from _flatten(item)
    elif isinstance(state, dict):
        for item in state.values():
            yield from _flatten(item)
    else:
        yield state


def _unflatten(state: Any, content: Iterator[Any]) -> Any:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        changes = {
            field.name: _unflatten(getattr(state, field.name), content)
            for field in dataclasses.fields(state)
        }
        return dataclasses.replace(state, **changes)
    if isinstance(state, tuple):
        return tuple([_unflatten(item, content) for item in state])
    if isinstance(state, dict):
        return {key: _unflatten(item, content) for key, item in state.items()}
    return next(content)
