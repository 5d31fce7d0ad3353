"""MemNetStrategy: the memory that it builds by default."""

import pytest
from torch import nn

from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.memory import PersistentMemory
from strategies.continual.memnet.strategy import MemNetStrategy


@pytest.mark.parametrize(
    ("model", "memory"), [(None, ComplementaryMemory), (nn.Linear(6, 2), PersistentMemory)]
)
def test_the_default_encoder_follows_the_model(model: nn.Module | None, memory: type) -> None:
    strategy = MemNetStrategy(model=model, shape=(6,), classes=2, evaluator=None)
    assert isinstance(strategy.model, memory)
