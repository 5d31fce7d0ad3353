"""A model's state as a flat list, for a checkpoint: what is nested is known by the model that made it, and need not be written."""

import dataclasses
from collections.abc import Iterator
from typing import Any


def leaves(state: Any) -> list[Any]:
    """Return what is in a state that is neither a dataclass, a tuple nor a dictionary, in order."""
    return list(_leaves(state))


def refilled(state: Any, content: list[Any]) -> Any:
    """Return a state of the same form with other leaves.

    Args:
        state: Any state of the model; it gives the form.
        content: The leaves of another one, as :func:`leaves` returned them.

    Raises:
        ValueError: If the leaves are not as many as the state has.
    """
    left = iter(content)
    try:
        built = _refilled(state, left)
    except StopIteration:
        raise ValueError(f"{len(content)} leaves are too few for this state") from None
    if next(left, left) is not left:
        raise ValueError(f"{len(content)} leaves are too many for this state")
    return built


def _leaves(state: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        for field in dataclasses.fields(state):
            yield from _leaves(getattr(state, field.name))
    elif isinstance(state, tuple):
        for item in state:
            yield from _leaves(item)
    elif isinstance(state, dict):
        for item in state.values():
            yield from _leaves(item)
    else:
        yield state


def _refilled(state: Any, content: Iterator[Any]) -> Any:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        changes = {
            field.name: _refilled(getattr(state, field.name), content)
            for field in dataclasses.fields(state)
        }
        return dataclasses.replace(state, **changes)
    if isinstance(state, tuple):
        return tuple([_refilled(item, content) for item in state])
    if isinstance(state, dict):
        return {key: _refilled(item, content) for key, item in state.items()}
    return next(content)
