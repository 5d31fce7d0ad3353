"""Describes a nested state in JSON, next to its tensors, and builds it again.

A state consists of dictionaries, lists, tuples, tensors, numbers, texts and None.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def cpu_copy(tensor: Tensor) -> Tensor:
    """Return a contiguous copy of a tensor on the CPU, without its graph."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def describe_value(value: Any, tensors: dict[str, Tensor], prefix: str = "") -> list[Any]:
    """Describe a value in JSON as ``[kind, content]``, and add its tensors to ``tensors``.

    Args:
        value: The value: nested dictionaries, lists, tuples, tensors, numbers, texts and None.
        tensors: Receives the tensors under ``prefix`` and a number.
        prefix: Start of their names.

    Raises:
        TypeError: If the value holds another type.
    """

    def describe(value: Any) -> list[Any]:
        return describe_value(value, tensors, prefix)

    match value:
        case Tensor():
            name = f"{prefix}{len(tensors)}"
            tensors[name] = cpu_copy(value)
            return ["tensor", name]
        case dict():
            return ["dict", [[describe(key), describe(item)] for key, item in value.items()]]
        case list() | tuple():
            return [type(value).__name__, [describe(item) for item in value]]
        case bool() | int() | float() | str() | None:
            return ["plain", value]
    raise TypeError(
        f"a {type(value).__name__} can't be part of a checkpoint: it holds tensors, numbers, "
        "texts, None, and dictionaries, lists and tuples of them"
    )


def build_value(description: list[Any], tensors: Mapping[str, Tensor]) -> Any:
    """Build the value that :func:`describe_value` described.

    Raises:
        ValueError: If the description has an unknown kind.
    """
    kind, content = description
    match kind:
        case "tensor":
            return tensors[content]
        case "dict":
            return {build_value(key, tensors): build_value(item, tensors) for key, item in content}
        case "list":
            return [build_value(item, tensors) for item in content]
        case "tuple":
            return tuple(build_value(item, tensors) for item in content)
        case "plain":
            return content
    raise ValueError(f"a checkpoint holds no {kind!r}")
