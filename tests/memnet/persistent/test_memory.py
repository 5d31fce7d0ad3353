from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from memnet.persistent.bank import (
    PersistentBank,
    bank_bytes,
    empty_bank,
    erase,
    link,
    read,
    slot_bytes,
    spread,
    write,
)
from memnet.persistent.config import PersistentConfig
from memnet.persistent.memory import PersistentMemory
from memnet.persistent.quantization import unpack

BITS = 4


class Trunk(nn.Module):
    width = 16

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 16)

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return self.layer(inputs.flatten(1)).relu()


def memory(slots: int = 20, seed: int = 0, **options: float) -> PersistentMemory:
    torch.manual_seed(seed)
    config = PersistentConfig(code=8, hidden=16, slots=slots, **options)
    return PersistentMemory(
        Trunk(), config, shape=(3, 4), classes=4, generator=torch.Generator().manual_seed(seed)
    )


def learned(**options: int) -> PersistentConfig:
    """Options for images of 784 bytes in ten classes."""
    return PersistentConfig(encoder="learned", **options).fitted(785, 10, (28, 28))


def samples(count: int, classes: tuple[int, ...] = (0, 1), seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor(classes)[torch.arange(count) % len(classes)]
    return torch.rand(count, 3, 4, generator=generator), labels


def filled(slots: int = 6) -> PersistentBank:
    codes = torch.randn(slots, 8, generator=torch.Generator().manual_seed(0))
    return write(
        empty_bank(slots, 8, 4, BITS), torch.arange(slots), codes, torch.arange(slots) % 3, BITS
    )


def stdp_loop(labels: list[int], slots: list[int], count: int, classes: int) -> Tensor:
    """A plain loop of the rule over events: sample, label, reset; sample, label, reset …"""
    adjacency = torch.zeros(count, classes)
    for slot, label in zip(slots, labels, strict=True):
        trace = torch.zeros(count)
        trace[slot] = 1.0
        post = torch.zeros(classes)
        post[label] = 1.0
        adjacency += trace[:, None] * post[None, :]
    return adjacency


def dense(bank: PersistentBank, classes: int) -> Tensor:
    adjacency = torch.zeros(len(bank.target), classes)
    for slot, (target, links) in enumerate(
        zip(bank.target.tolist(), bank.links.tolist(), strict=True)
    ):
        adjacency[slot, target] = links
    return adjacency


def test_sparse_link_equals_stdp_rule_with_trace_reset() -> None:
    bank = write(
        empty_bank(5, 8, 4, BITS),
        torch.tensor([3, 0, 4]),
        torch.randn(3, 8),
        torch.tensor([2, 1, 2]),
        BITS,
    )
    assert torch.equal(dense(bank, 4), stdp_loop([2, 1, 2], [3, 0, 4], 5, 4))
    again = link(bank, torch.tensor([3]), torch.tensor([2]))
    assert torch.equal(dense(again, 4), stdp_loop([2, 1, 2, 2], [3, 0, 4, 3], 5, 4))


def test_link_to_another_label_replaces_edge() -> None:
    bank = link(filled(), torch.tensor([0]), torch.tensor([3]))
    assert (int(bank.target[0]), int(bank.links[0])) == (3, 1)


def test_edge_weight_saturates() -> None:
    bank = filled(1)
    for _ in range(300):
        bank = link(bank, torch.tensor([0]), torch.tensor([0]))
    assert int(bank.links[0]) == 255


@settings(deadline=None, max_examples=30)
@given(
    batch=st.integers(1, 5),
    slots=st.integers(1, 9),
    top_k=st.integers(1, 12),
    seed=st.integers(0, 999),
)
def test_read_weights_and_label_activations_are_distributions(
    batch: int, slots: int, top_k: int, seed: int
) -> None:
    bank = filled(slots)
    found = read(
        bank,
        torch.randn(batch, 8, generator=torch.Generator().manual_seed(seed)),
        torch.tensor(7.0),
        top_k,
        BITS,
    )
    assert found.weights.shape == (batch, min(top_k, slots))
    assert (found.weights >= 0).all()
    torch.testing.assert_close(found.weights.sum(-1), torch.ones(batch))
    classes = spread(bank, found, 4)
    assert (classes >= 0).all()
    torch.testing.assert_close(classes.sum(-1), torch.ones(batch))


def test_read_matches_hand_computed_case() -> None:
    codes = torch.tensor([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    bank = write(empty_bank(4, 2, 2, BITS), torch.arange(3), codes, torch.tensor([0, 1, 1]), BITS)
    found = read(bank, torch.tensor([[2.0, -2.0]]), torch.tensor(1.0), 2, BITS)
    assert found.slots.tolist() == [[0, 1]]
    expected = torch.tensor([[1.0, 0.0]]).softmax(-1)
    torch.testing.assert_close(found.weights, expected)
    torch.testing.assert_close(spread(bank, found, 2), expected)


def test_erased_slot_is_never_read() -> None:
    bank = erase(filled(), torch.tensor([2]))
    found = read(bank, unpack(filled().codes[2:3], BITS), torch.tensor(50.0), 16, BITS)
    assert 2 not in found.slots.tolist()[0]
    assert float(dense(bank, 4)[2].sum()) == 0


def test_reading_empty_bank_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        read(empty_bank(3, 8, 4, BITS), torch.randn(1, 8), torch.tensor(1.0), 4, BITS)


def test_too_many_classes_are_an_error() -> None:
    with pytest.raises(ValueError, match="257 classes are more than the 256"):
        empty_bank(3, 8, 257, BITS)


@pytest.mark.parametrize(
    ("options", "bytes_"), [({"budget": 16_000}, 16_000), ({"mem_size": 200}, 200 * 785)]
)
def test_budget_counts_every_byte(options: dict[str, int], bytes_: int) -> None:
    assert slot_bytes(32, 4) == 16 + 1 + 1
    slots = learned(**options, code=32, bits=4).slots
    assert slots == (bytes_ - 10 * 4 - 8) // 18
    assert bank_bytes(empty_bank(slots, 32, 10, 4)) == slots * 18 + 48 <= bytes_


def test_budget_below_one_slot_per_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="fewer than 10 classes"):
        learned(slots=9)


def test_codes_are_wide_if_ten_thousand_fit() -> None:
    enough = 10_000 * 34 + 48
    assert slot_bytes(64, 4) == 34
    fitted = learned(budget=enough)
    assert (fitted.code, fitted.slots) == (64, 10_000)
    fitted = learned(budget=enough - 1)
    assert (fitted.code, fitted.slots) == (32, (enough - 1 - 48) // 18)
    assert learned(slots=10_000).code == 64
    assert learned(slots=9_999).code == 32
    assert learned(budget=enough, code=16).code == 16


def test_unfitted_options_are_an_error() -> None:
    for config in (PersistentConfig(slots=20), PersistentConfig(code=8)):
        with pytest.raises(ValueError, match=r"PersistentConfig\.fitted"):
            PersistentMemory(Trunk(), config, shape=(3, 4), classes=4, generator=torch.Generator())


def test_code_contains_sample_and_features() -> None:
    """u = P·h + Q·x + b; the code is √E·u/‖u‖, and its decoding is V·c + MLP(c)."""
    model = memory().eval()
    inputs, _ = samples(3)
    features = model.trunk.features(inputs)
    mixed = (
        model.bottleneck.project(features) + inputs.flatten(1) @ model.bottleneck.pass_by.weight.T
    )
    codes = model.encode(inputs)
    assert torch.allclose(codes, 8**0.5 * mixed / mixed.norm(dim=-1, keepdim=True))
    decoded = model.hallucination(codes)
    assert torch.allclose(
        decoded - model.hallucination.decode(codes),
        codes @ model.hallucination.pass_by.weight.T,
        atol=1e-6,
    )


def test_slots_are_divided_equally_among_classes() -> None:
    model = memory(slots=20)
    model.meet(*samples(40, (0, 1)))
    assert torch.bincount(model.bank.target[model.bank.occupied].long()).tolist() == [10, 10]
    change = model.meet(*samples(40, (2, 3), seed=2))
    assert torch.bincount(model.bank.target[model.bank.occupied].long()).tolist() == [5, 5, 5, 5]
    assert (len(change.given_up), len(change.taken)) == (10, 10)
    assert model.bank.seen.tolist() == [20, 20, 20, 20]
    assert int(model.bank.clock) == 80


def test_repeated_class_is_a_reservoir() -> None:
    fresh = []
    for seed in range(60):
        model = memory(slots=8, seed=seed)
        model.meet(*samples(40, (0,), seed))
        model.sleep()
        model.meet(*samples(40, (0,), seed + 1))
        assert int(model.bank.occupied.sum()) == 8
        fresh.append(float((~model.bank.settled).float().mean()))
    assert 0.4 < sum(fresh) / len(fresh) < 0.6


def test_evaluation_does_not_change_bank() -> None:
    model = memory()
    model.meet(*samples(40))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.eval()
    model(samples(30, (2, 3))[0])
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_outputs_do_not_depend_on_batch_size_or_order() -> None:
    model = memory()
    model.meet(*samples(40))
    model.eval()
    inputs, _ = samples(33, seed=5)
    whole = model(inputs)
    torch.testing.assert_close(torch.cat([model(row[None]) for row in inputs]), whole)
    order = torch.randperm(33, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(inputs[order]), whole[order])


def test_evaluation_returns_log_probabilities() -> None:
    model = memory()
    model.meet(*samples(40))
    model.eval()
    torch.testing.assert_close(model(samples(7)[0]).exp().sum(-1), torch.ones(7))


def test_memory_survives_gradient_steps_on_head() -> None:
    model = memory(trust=1.0)
    model.meet(*samples(40))
    model.eval()
    inputs, _ = samples(9, seed=5)
    before = model(inputs)
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.add_(10.0)
    assert torch.equal(model(inputs), before)


def test_dreams_have_graph_labels_and_codes_within_one_step() -> None:
    model = memory()
    model.meet(*samples(40))
    slots = torch.tensor([1, 4, 19, 4])
    dreams = model.dream(slots)
    assert dreams.inputs.shape == (4, 3, 4)
    assert torch.equal(dreams.labels, model.bank.target[slots].long())
    assert (
        0.05
        < float((dreams.codes - unpack(model.bank.codes[slots], BITS)).abs().max())
        <= 0.3352 / 2 + 1e-6
    )
    assert not torch.equal(dreams.inputs[1], dreams.inputs[3])


def shaken(model: PersistentMemory) -> None:
    """Change all trained parameters, as training does."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(
                    0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
                )


def test_sleep_encodes_rehearsed_slots_again_and_consolidates_new_ones() -> None:
    model = memory()
    model.meet(*samples(40, (0,)))
    model.sleep()
    dreams = model.dreamer(unpack(model.bank.codes, BITS)).sigmoid().reshape(-1, 3, 4)
    shaken(model)
    model.meet(*samples(4, (0,), seed=3))
    old, written = model.bank.settled, model.bank.codes
    assert 0 < (~old).sum() < 5
    model.sleep()
    model.eval()
    expected = model.encode(dreams).detach()
    within = expected.abs() < 2.5
    error = (unpack(model.bank.codes, BITS) - expected).abs()
    assert float(error[old][within[old]].max()) <= 0.3352 / 2 + 1e-4
    assert torch.equal(model.bank.codes[~old], written[~old])
    assert model.bank.settled.all()
    assert all(
        torch.equal(one, other)
        for one, other in zip(
            model.dreamer.parameters(), model.hallucination.parameters(), strict=True
        )
    )


def test_dreams_use_decoder_of_last_sleep() -> None:
    model = memory()
    model.meet(*samples(40))
    model.sleep()
    slots, state = torch.arange(20), model.generator.get_state()
    before = model.dream(slots)
    shaken(model)
    model.generator.set_state(state)
    assert torch.equal(model.dream(slots).inputs, before.inputs)


def test_log_prior_is_class_share_in_training_data() -> None:
    model = memory(dreams=3)
    labels = torch.tensor([2, 2, 2, 3])
    fresh = torch.rand(4, 3, 4, generator=torch.Generator().manual_seed(2))
    model.expect(fresh, labels)
    torch.testing.assert_close(model.log_prior[2:].exp(), torch.tensor([0.75, 0.25]))
    model.meet(*samples(40))
    model.sleep()
    model.expect(fresh, labels)
    torch.testing.assert_close(
        model.log_prior.exp(), torch.tensor([0.375, 0.375, 0.25 * 0.75, 0.25 * 0.25])
    )
    inputs = samples(5)[0]
    model.eval()
    head = model.head(model.encode(inputs))
    model.train()
    model.bottleneck.eval()
    torch.testing.assert_close(model(inputs), head + model.log_prior)


def test_unsuitable_samples_are_an_error() -> None:
    labels = torch.tensor([0, 1])
    with pytest.raises(ValueError, match=r"they must be finite"):
        memory().expect(torch.tensor([0.0, torch.inf]).reshape(2, 1, 1).expand(2, 3, 4), labels)
    with pytest.raises(ValueError, match=r"shape \(4, 3\) do not fit"):
        memory().expect(torch.zeros(2, 4, 3), labels)


def test_reconstruction_and_anchor_losses_match_hand_computation() -> None:
    model = memory(reconstruction_weight=3.0, anchor_weight=2.0, neighbour_weight=0.0)
    inputs, labels = samples(3)
    codes, anchors = torch.full((3, 8), 0.5), torch.tensor([[0.0] * 8, [1.5] * 8])
    losses = {
        name: loss.detach() for name, loss in model.losses(codes, inputs, labels, anchors).items()
    }
    decoded = model.hallucination(codes).sigmoid().reshape(3, 3, 4).detach()
    expected = -(inputs * decoded.log() + (1 - inputs) * (1 - decoded).log()).mean()
    torch.testing.assert_close(losses["reconstruction"], expected)
    torch.testing.assert_close(losses["anchor"], torch.tensor((0.25 + 1.0) / 2))
    torch.testing.assert_close(model.objective(losses), 3 * expected + 2 * losses["anchor"])


def test_state_dict_restores_memory(tmp_path: Path) -> None:
    model = memory()
    model.meet(*samples(40))
    save_file(model.state_dict(), tmp_path / "memory.safetensors")
    other = memory(seed=9)
    other.load_state_dict(load_file(tmp_path / "memory.safetensors"))
    model.eval()
    other.eval()
    inputs, _ = samples(9, seed=4)
    assert torch.equal(model(inputs), other(inputs))
    save_file(model.bank.tensors(), tmp_path / "bank.safetensors")
    bank = PersistentBank.from_tensors(load_file(tmp_path / "bank.safetensors"))
    assert all(
        torch.equal(tensor, getattr(model.bank, name)) for name, tensor in bank.tensors().items()
    )
