from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from memnet.persistent import PersistentConfig, PersistentMemory, neighbour_loss
from memnet.persistent_bank import PersistentBank, bank_bytes, empty_bank, erase, link, read, slot_bytes, spread, write


class Trunk(nn.Module):
    width = 16

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 16)

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return self.layer(inputs.flatten(1)).relu()


def memory(slots: int = 20, seed: int = 0, **options: float) -> PersistentMemory:
    torch.manual_seed(seed)
    config = PersistentConfig(code=8, hidden=16, **options)
    return PersistentMemory(Trunk(), config, shape=(3, 4), classes=4, slots=slots, generator=torch.Generator().manual_seed(seed))


def samples(count: int, classes: tuple[int, ...] = (0, 1), seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor(classes)[torch.arange(count) % len(classes)]
    return torch.rand(count, 3, 4, generator=generator), labels


def filled(slots: int = 6) -> PersistentBank:
    codes = torch.randn(slots, 8, generator=torch.Generator().manual_seed(0))
    return write(empty_bank(slots, 8, 4), torch.arange(slots), codes, torch.arange(slots) % 3, rate=1.0)


def stdp_loop(labels: list[int], slots: list[int], count: int, classes: int, rate: float) -> Tensor:
    """A naive run of the rule over events: sample, label, reset; sample, label, reset …"""
    adjacency = torch.zeros(count, classes)
    for slot, label in zip(slots, labels, strict=True):
        trace = torch.zeros(count)
        trace[slot] = 1.0
        post = torch.zeros(classes)
        post[label] = 1.0
        adjacency += rate * trace[:, None] * post[None, :]
    return adjacency


def dense(bank: PersistentBank, classes: int) -> Tensor:
    adjacency = torch.zeros(len(bank.target), classes)
    for slot, (target, weight) in enumerate(zip(bank.target.tolist(), bank.weight.tolist(), strict=True)):
        if target >= 0:
            adjacency[slot, target] = weight
    return adjacency


def test_sparse_link_is_the_stdp_rule_with_the_trace_reset_between_samples() -> None:
    bank = write(empty_bank(5, 8, 4), torch.tensor([3, 0, 4]), torch.randn(3, 8), torch.tensor([2, 1, 2]), rate=0.5)
    assert torch.equal(dense(bank, 4), stdp_loop([2, 1, 2], [3, 0, 4], 5, 4, rate=0.5))
    again = link(bank, torch.tensor([3]), torch.tensor([2]), rate=0.5)
    assert torch.equal(dense(again, 4), stdp_loop([2, 1, 2, 2], [3, 0, 4, 3], 5, 4, rate=0.5))


def test_link_to_another_label_replaces_the_edge() -> None:
    bank = link(filled(), torch.tensor([0]), torch.tensor([3]), rate=0.5)
    assert (int(bank.target[0]), float(bank.weight[0])) == (3, 0.5)


@settings(deadline=None, max_examples=30)
@given(batch=st.integers(1, 5), slots=st.integers(1, 9), top_k=st.integers(1, 12), seed=st.integers(0, 999))
def test_weights_and_what_they_spread_to_are_distributions(batch: int, slots: int, top_k: int, seed: int) -> None:
    bank = filled(slots)
    found = read(bank, torch.randn(batch, 8, generator=torch.Generator().manual_seed(seed)), torch.tensor(7.0), top_k)
    assert found.weights.shape == (batch, min(top_k, slots))
    assert (found.weights >= 0).all()
    torch.testing.assert_close(found.weights.sum(-1), torch.ones(batch))
    classes = spread(bank, found, 4)
    assert (classes >= 0).all()
    torch.testing.assert_close(classes.sum(-1), torch.ones(batch))


def test_read_against_a_hand_made_case() -> None:
    codes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    bank = write(empty_bank(4, 2, 2), torch.arange(3), codes, torch.tensor([0, 1, 1]), rate=1.0)
    found = read(bank, torch.tensor([[2.0, 0.0]]), torch.tensor(1.0), top_k=2)
    assert found.slots.tolist() == [[0, 1]]
    expected = torch.tensor([[1.0, 0.0]]).softmax(-1)
    torch.testing.assert_close(found.weights, expected)
    torch.testing.assert_close(spread(bank, found, 2), expected)


def test_an_erased_slot_is_never_read() -> None:
    bank = erase(filled(), torch.tensor([2]))
    found = read(bank, filled().codes[2:3].float(), torch.tensor(50.0), 16)
    assert 2 not in found.slots.tolist()[0]
    assert float(dense(bank, 4)[2].sum()) == 0


def test_empty_bank_refuses_to_be_read() -> None:
    with pytest.raises(ValueError, match="empty"):
        read(empty_bank(3, 8, 4), torch.randn(1, 8), torch.tensor(1.0), 4)


def test_slots_without_an_edge_name_no_class() -> None:
    bank = filled(2)
    bank = PersistentBank.from_tensors({**bank.tensors(), "target": torch.full((2,), -1, dtype=torch.int16)})
    torch.testing.assert_close(spread(bank, read(bank, torch.randn(1, 8), torch.tensor(1.0), 2), 4), torch.full((1, 4), 0.25))


def test_every_byte_is_counted() -> None:
    assert slot_bytes(32) == 32 * 2 + 2 + 2 + 2 + 4
    config = PersistentConfig(mem_size=200)
    slots = config.capacity(sample_bytes=785, classes=10)
    kept = bank_bytes(empty_bank(slots, config.code, 10))
    assert 200 * 785 - slot_bytes(config.code) < kept <= 200 * 785


def test_budget_without_a_slot_per_class_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 10 classes"):
        PersistentConfig(slots=9).capacity(785, 10)


def test_equal_shares_per_class() -> None:
    model = memory(slots=20)
    model.consolidate(None, *samples(40, (0, 1)))
    assert torch.bincount(model.bank.target[model.bank.occupied].long()).tolist() == [10, 10]
    ended = model.consolidate(model.dream(), *samples(40, (2, 3), seed=2))
    assert torch.bincount(model.bank.target[model.bank.occupied].long()).tolist() == [5, 5, 5, 5]
    assert ended.tolist() == [40] * 10
    assert model.bank.seen.tolist() == [20, 20, 20, 20]


def test_a_class_met_again_is_a_reservoir() -> None:
    fresh = []
    for seed in range(60):
        model = memory(slots=8, seed=seed)
        model.consolidate(None, *samples(40, (0,), seed))
        model.consolidate(model.dream(), *samples(40, (0,), seed + 1))
        fresh.append(float((model.bank.born == 80).float().mean()))
    assert 0.4 < sum(fresh) / len(fresh) < 0.6


def test_evaluation_leaves_the_bank_bit_identical() -> None:
    model = memory()
    model.consolidate(None, *samples(40))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.eval()
    model(samples(30, (2, 3))[0])
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_answers_do_not_depend_on_batch_size_or_order() -> None:
    model = memory()
    model.consolidate(None, *samples(40))
    model.eval()
    inputs, _ = samples(33, seed=5)
    whole = model(inputs)
    torch.testing.assert_close(torch.cat([model(row[None]) for row in inputs]), whole)
    order = torch.randperm(33, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(inputs[order]), whole[order])


def test_evaluation_gives_log_probabilities() -> None:
    model = memory()
    model.consolidate(None, *samples(40))
    model.eval()
    torch.testing.assert_close(model(samples(7)[0]).exp().sum(-1), torch.ones(7))


def test_memory_outlives_gradient_steps_on_the_head() -> None:
    model = memory(trust=1.0)
    model.consolidate(None, *samples(40))
    model.eval()
    inputs, _ = samples(9, seed=5)
    before = model(inputs)
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.add_(10.0)
    assert torch.equal(model(inputs), before)


def test_dreams_carry_the_labels_of_the_graph() -> None:
    model = memory()
    assert model.dream() is None
    model.consolidate(None, *samples(40))
    dreams = model.dream()
    assert dreams is not None
    assert dreams.inputs.shape == (20, 3, 4)
    assert torch.equal(dreams.labels, model.bank.target[dreams.slots].long())


def test_dreams_are_encoded_anew() -> None:
    model = memory()
    model.consolidate(None, *samples(40))
    dreams = model.dream()
    assert dreams is not None
    model.consolidate(dreams, *samples(4, (0,), seed=3))
    model.eval()
    stayed = model.bank.born[dreams.slots] == 40
    assert stayed.sum() > 5
    torch.testing.assert_close(model.bank.codes[dreams.slots][stayed].float(), model.encode(dreams.inputs)[stayed], atol=2e-3, rtol=2e-3)


def test_neighbour_loss_against_a_hand_made_case() -> None:
    codes = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = neighbour_loss(codes, torch.tensor([0, 0, 1]), torch.tensor(1.0))
    torch.testing.assert_close(loss, -torch.log(torch.e / (torch.e + torch.tensor(1.0))))
    assert float(neighbour_loss(codes[1:], torch.tensor([0, 1]), torch.tensor(1.0))) == 0


def test_saved_and_loaded_in_full(tmp_path: Path) -> None:
    model = memory()
    model.consolidate(None, *samples(40))
    save_file(model.state_dict(), tmp_path / "memory.safetensors")
    other = memory(seed=9)
    other.load_state_dict(load_file(tmp_path / "memory.safetensors"))
    model.eval()
    other.eval()
    inputs, _ = samples(9, seed=4)
    assert torch.equal(model(inputs), other(inputs))
    save_file(model.bank.tensors(), tmp_path / "bank.safetensors")
    bank = PersistentBank.from_tensors(load_file(tmp_path / "bank.safetensors"))
    assert all(torch.equal(tensor, getattr(model.bank, name)) for name, tensor in bank.tensors().items())
