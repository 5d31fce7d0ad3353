from dataclasses import replace

import torch

from memnet.persistent.bank import empty_bank, read, spread, write
from memnet.persistent.class_frequency import log_frequency, log_samples_per_slot
from memnet.persistent.config import PersistentConfig
from memnet.persistent.memory import PersistentMemory


def test_slot_stands_for_its_share_of_the_samples_of_its_class() -> None:
    """90 samples in 3 slots are 30 each, 10 in 1 slot are 10; an unseen class has a finite log."""
    bank = write(
        empty_bank(4, 2, 3, 4), torch.arange(4), torch.randn(4, 2), torch.tensor([0, 0, 1, 0]), 4
    )
    bank = replace(bank, seen=torch.tensor([90, 10, 0], dtype=torch.int32))
    torch.testing.assert_close(log_frequency(bank).exp(), torch.tensor([90.0, 10.0, 1e-9]))
    torch.testing.assert_close(
        log_samples_per_slot(bank).exp(), torch.tensor([30.0, 30.0, 10.0, 30.0])
    )


def test_slots_of_frequent_classes_are_read_first() -> None:
    """Codes at equal angles: 30 samples against 10 are 3/4; with one place the 30 get it."""
    codes = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    bank = write(empty_bank(2, 2, 2, 4), torch.arange(2), codes, torch.tensor([1, 0]), 4)
    bank = replace(bank, seen=torch.tensor([30, 10], dtype=torch.int32))
    query, bias = torch.tensor([[1.0, 0.0]]), log_samples_per_slot(bank)
    both = read(bank, query, torch.tensor(5.0), 2, 4, bias=bias)
    torch.testing.assert_close(spread(bank, both, 2), torch.tensor([[0.75, 0.25]]))
    one = read(bank, query, torch.tensor(5.0), 1, 4, bias=bias)
    assert one.slots.tolist() == [[1]]


class Constant(torch.nn.Module):
    width = 2

    def features(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(inputs), 2)


def test_answer_of_memory_without_knowledge_is_the_frequency_of_classes() -> None:
    """An untrained head with equal logits, and slots with equal codes: the shares of the stream."""
    config = PersistentConfig(code=2, hidden=4, slots=4, top_k=4)
    model = PersistentMemory(
        Constant(), config, shape=(1, 2), classes=2, generator=torch.Generator().manual_seed(0)
    )
    inputs, labels = torch.ones(12, 1, 2), torch.tensor([0] * 9 + [1] * 3)
    model.meet(inputs, labels)
    with torch.no_grad():
        model.head[-1].weight.zero_()
        model.head[-1].bias.zero_()
    answer = model.eval()(inputs[:1]).exp()
    torch.testing.assert_close(answer, torch.tensor([[0.75, 0.25]]))
