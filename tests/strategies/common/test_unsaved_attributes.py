from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from strategies.common.unsaved_attributes import Attributes


@dataclass(frozen=True)
class State:
    hidden: Tensor


class Module(nn.Module):
    """A module with a submodule, buffers, and plain attributes of many kinds."""

    transient_attributes = ("cache",)

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.LSTM(2, 2)
        self.register_buffer("mean", torch.zeros(2))
        self.alias = self.mean
        self.count = 0
        self.cache = 0
        self.recent: deque[float] = deque()
        self.states = {"last": State(hidden=torch.zeros(2))}
        self.array = np.zeros(2)
        self.generator = torch.Generator().manual_seed(1)
        self.output = torch.zeros(2)
        self.other = object()


def count(module: Any) -> None:
    module.count += 1


def append(module: Any) -> None:
    module.recent.append(0.5)


def replace(module: Any) -> None:
    module.states["last"] = State(hidden=torch.ones(2))


def write(module: Any) -> None:
    module.array += 1


def add(module: Any) -> None:
    module.part.new = torch.ones(2)


def draw(module: Any) -> None:
    torch.rand(1, generator=module.generator)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (count, "count"),
        (append, "recent"),
        (replace, "states"),
        (write, "array"),
        (add, "part.new"),
        (draw, "generator"),
    ],
)
def test_a_changed_attribute_is_found(change: Callable[[Any], None], name: str) -> None:
    module = Module()
    attributes = Attributes(module)
    assert attributes.unsaved(module.state_dict()) == []
    change(module)
    before = dict(vars(module))
    assert attributes.unsaved(module.state_dict()) == [name]
    assert dict(vars(module)).keys() == before.keys()
    assert all(vars(module)[key] is value for key, value in before.items())


def test_saved_transient_and_other_state_is_not_found() -> None:
    """Parameters, buffers and their aliases, a cache, results with a graph, other objects."""
    module = Module()
    attributes = Attributes(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 1
    module.mean += 1
    module.cache += 1
    module.output = module.part(torch.zeros(1, 2))[0]
    module.other = object()
    module.train(False)
    assert attributes.unsaved(module.state_dict()) == []


def test_a_generator_in_the_saved_state_is_not_found() -> None:
    """A plugin may save the generator of its model."""
    module = Module()
    attributes = Attributes(module)
    draw(module)
    saved = {"plugin": {"noise": module.generator.get_state()}, "model": module.state_dict()}
    assert attributes.unsaved(saved) == []


class WithExtraState(Module):
    def get_extra_state(self) -> Any:
        return {"count": self.count}

    def set_extra_state(self, state: Any) -> None:
        self.count = state["count"]


def test_extra_state_is_saved() -> None:
    module = WithExtraState()
    attributes = Attributes(module)
    count(module)
    assert attributes.unsaved(module.state_dict()) == []
    assert module.count == 1
    append(module)
    assert attributes.unsaved(module.state_dict()) == ["recent"]


def test_a_cycle_is_not_looked_into() -> None:
    module = Module()
    cycle: list[Any] = []
    cycle.append(cycle)
    module.recent = deque([cycle])  # type: ignore[list-item]
    assert Attributes(module).unsaved(module.state_dict()) == []
