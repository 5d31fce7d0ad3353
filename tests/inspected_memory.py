"""Inspections of small untrained models, for tests of figures and pages."""

from functools import cache

import torch
from torch import Tensor, nn

from benchmarks.inspection.inspect import inspect
from benchmarks.inspection.inspection import Inspection
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.config import PersistentConfig
from memnet.persistent.memory import PersistentMemory
from memnet.persistent.trace import StreamTrace
from tests.memnet.active_model import active_model, tokens


@cache
def inspected_sequences(length: int = 48, **options: float) -> Inspection:
    """Two sequences of a model that evicts, merges and dreams."""
    inputs = tokens(batch=2, length=length)
    return inspect(
        active_model(**{"slots": 3, "dream_every": 16, "merge": 0.6} | options).eval(),
        inputs,
        positions=torch.tensor([[length // 2, length - 1]]).expand(2, -1),
        targets=inputs[:, [3, 5]],
        names={0: "A", 1: "<b>"},
        title="an active model",
        note="Untrained.",
    )


class Flat(nn.Module):
    width = 16

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return self.layer(inputs.flatten(1)).relu()


def small_memory(slots: int = 6) -> PersistentMemory:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return PersistentMemory(
            Flat(),
            PersistentConfig(code=8, hidden=16, slots=slots),
            shape=(4, 4),
            classes=4,
            generator=torch.Generator().manual_seed(0),
        )


def default_memory(slots: int = 8) -> ComplementaryMemory:
    config = PersistentConfig(slots=slots, features=12).fitted(17, 4, (4, 4))
    return ComplementaryMemory(
        config, shape=(4, 4), classes=4, generator=torch.Generator().manual_seed(0)
    )


def stream_samples() -> tuple[Tensor, Tensor]:
    """Forty samples: twenty of classes 0 and 1, then twenty of classes 2 and 3."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.cat([torch.arange(20) % 2, 2 + torch.arange(20) % 2])
    return torch.rand(40, 4, 4, generator=generator), labels


@cache
def inspected_stream(*, traced: bool = True) -> Inspection:
    """Two experiences of two classes each, in a memory with a learned encoder."""
    return _learned(small_memory(), traced=traced)


@cache
def inspected_default(*, traced: bool = True) -> Inspection:
    """The same in the default memory."""
    return _learned(default_memory(), traced=traced)


def _learned(memory: PersistentMemory | ComplementaryMemory, *, traced: bool) -> Inspection:
    inputs, labels = stream_samples()
    if traced:
        memory.trace = StreamTrace()
    for part in (slice(0, 20), slice(20, 40)):
        memory.meet(inputs[part], labels[part])
        memory.sleep()
    return inspect(memory, inputs, title="a small memory")
