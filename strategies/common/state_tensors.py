"""A model's state as a flat list, for a checkpoint: what is nested is known by the model that made it, and need not be written."""

import dataclasses
from collections.abc import Iterator
from typing import Any


def flatten_state(state: Any) -> list[Any]:
    """Return what is in a state that is neither a dataclass, a tuple nor a dictionary, in order."""
    return list(_flatten(state))


def unflatten_state(state: Any, content: list[Any]) -> Any:
    """Return a state of the same form with other leaves.

    Args:
        state: Any state of the model; it gives the form.
        content: The leaves of another one, as :func:`flatten_state` returned them.

    Raises:
        ValueError: If the leaves are not as many as the state has.
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
