from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from memnet.persistent.bank import bank_bytes
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.config import PersistentConfig
from memnet.persistent.fixed_code import code_bytes
from memnet.persistent.quantization import unpack
from memnet.persistent.slow_memory import margin, slow_bytes
from memnet.persistent.surprise import strength

SHAPE = (6, 6)


def memory(slots: int = 20, **options: Any) -> ComplementaryMemory:
    config = PersistentConfig(slots=slots, **{"features": 12, **options}).fitted(37, 4, SHAPE)
    return ComplementaryMemory(
        config, shape=SHAPE, classes=4, generator=torch.Generator().manual_seed(0)
    )


def samples(count: int, classes: tuple[int, ...] = (0, 1), seed: int = 1) -> tuple[Tensor, Tensor]:
    """Return noisy images; each class has its own bright row."""
    labels = torch.tensor(classes)[torch.arange(count) % len(classes)]
    inputs = 0.5 * torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))
    inputs[torch.arange(count), 1 + labels] += 0.5
    return inputs, labels


def taught(**options: Any) -> ComplementaryMemory:
    model = memory(**options)
    for place, classes in enumerate([(0, 1), (2, 3)]):
        model.meet(*samples(80, classes, seed=place))
        model.sleep()
    return model.eval()


def test_classes_are_learned_one_after_the_other() -> None:
    inputs, labels = samples(80, (0, 1, 2, 3), seed=9)
    assert float((taught()(inputs).argmax(1) == labels).float().mean()) > 0.9


def test_answer_is_slow_scores_and_errors_of_similar_slots() -> None:
    """p = Wᵀφ(x) + γ Σ_i a_i (onehot(y_i) − Wᵀφ(decode(c_i)))."""
    model = taught(correction=0.3)
    inputs, _ = samples(5, (0, 2), seed=7)
    solution, full = model.slow.solve(), torch.nonzero(model.bank.occupied).flatten()
    codes = unpack(model.bank.codes[full], 4)
    dreams = model.slow.features(model.code.decode(codes))
    errors = functional.one_hot(model.bank.target[full].long(), 4) - dreams @ solution
    cosines = functional.cosine_similarity(model.code.encode(inputs)[:, None], codes[None], dim=-1)
    best = (40 * cosines).topk(16)
    expected = model.slow.features(inputs) @ solution
    for row in range(5):
        weights = best.values[row].softmax(0)
        expected[row] += 0.3 * (weights[:, None] * errors[best.indices[row]]).sum(0)
    torch.testing.assert_close(model.recall(inputs), expected, atol=1e-5, rtol=1e-5)


def test_estimated_weight_is_the_best_for_slots_read_without_themselves() -> None:
    model = taught(slots=200)
    answer, full = model._answer(), torch.nonzero(model.bank.occupied).flatten()
    codes = unpack(model.bank.codes[full], 4)
    cosines = functional.cosine_similarity(codes[:, None], codes[None], dim=-1)
    best = (40 * cosines.fill_diagonal_(-torch.inf)).topk(16)
    errors = answer.errors[full]
    predicted = (best.values.softmax(1)[:, :, None] * errors[best.indices]).sum(1)
    assert len(full) == 160 == int(model.bank.clock)
    expected = float((predicted * errors).sum() / (predicted**2).sum())
    assert answer.trust == pytest.approx(min(1.0, max(0.0, expected)), rel=1e-3)


def test_slots_keep_what_the_slow_memory_answers_worst() -> None:
    model = memory(slots=10)
    inputs, labels = samples(40)
    model.meet(inputs, labels)
    model.sleep()
    fresh, names = samples(200, seed=3)
    model.solution, model.solved_at = model.slow.solve(), model.bank.clock.clone()
    surprise = strength(margin(model.slow.features(fresh) @ model.solution, names))
    held = [model.bank.links[model.bank.target == label] for label in (0, 1)]
    model.meet(fresh, names)
    for label in (0, 1):
        offered = torch.cat((held[label], surprise[names == label])).sort(descending=True).values
        kept = model.bank.links[model.bank.occupied & (model.bank.target == label)]
        assert kept.sort(descending=True).values.tolist() == offered[:5].tolist()


def test_sleep_gives_edges_the_surprise_of_the_present() -> None:
    model = taught()
    full = torch.nonzero(model.bank.occupied).flatten()
    labels = model.bank.target[full].long()
    scores = model.slow.features(model.dream(full)) @ model.slow.solve()
    before = model.bank.links[full]
    distance = before.int() - strength(margin(scores, labels)).int()
    assert int(distance.abs().max()) <= 1
    model.slow.update(model.slow.features(samples(200, (0, 1), 5)[0]), torch.arange(200) % 2)
    model.sleep()
    assert not torch.equal(model.bank.links[full], before)


def test_without_dreams_edges_keep_the_surprise_of_arrival() -> None:
    model = memory(dreams=0)
    model.meet(*samples(40))
    before = model.bank.links
    model.sleep()
    assert torch.equal(model.bank.links, before)


def test_without_surprise_every_sample_is_equally_likely_to_stay() -> None:
    first = []
    for seed in range(40):
        model = memory(slots=10, surprise=False, code=36, bits=8)
        model.generator.manual_seed(seed)
        inputs, labels = samples(1000, (0,))
        model.code.calibrate(inputs)
        model.meet(inputs, labels)
        dreams = model.dream(torch.arange(10))
        first.append((torch.cdist(dreams.flatten(1), inputs.flatten(1)).argmin(1) < 500).float())
    assert 0.4 < float(torch.cat(first).mean()) < 0.6


def test_changes_name_slots_written_and_given_up() -> None:
    model = memory(slots=8)
    first = model.meet(*samples(40, (0,)))
    assert (len(first.taken), len(first.given_up)) == (8, 0)
    second = model.meet(*samples(40, (1,)))
    assert len(second.given_up) >= 4
    assert torch.bincount(model.bank.target[model.bank.occupied].long()).tolist() == [4, 4]
    assert set(second.given_up.tolist()) >= set(second.taken.tolist())
    assert model.bank.seen.tolist() == [40, 40, 0, 0]


def test_slots_follow_the_code_while_it_is_calibrated() -> None:
    model = memory(slots=60, code=36, bits=8)
    inputs, labels = samples(20)
    model.meet(inputs, labels)
    mean = model.code.mean.clone()
    model.meet(*samples(20, (2,), seed=4))
    assert not torch.equal(model.code.mean, mean)
    dreams = model.dream(torch.nonzero(model.bank.occupied).flatten())
    distances = torch.cdist(inputs.flatten(1), dreams.flatten(1)).amin(1)
    assert float(distances.max()) < 0.5


@pytest.mark.parametrize("classes", [(0,), (0, 1)])
def test_few_samples_give_finite_answers(classes: tuple[int, ...]) -> None:
    model = memory()
    assert model.eval()(samples(3)[0]).exp().sum(1).tolist() == pytest.approx([1.0] * 3)
    model.meet(*samples(2, classes))
    model.sleep()
    assert model(samples(3)[0]).isfinite().all()


def test_training_has_nothing_to_learn() -> None:
    model = memory()
    model.meet(*samples(40))
    model.train()
    inputs, labels = samples(6)
    loss = functional.cross_entropy(model(inputs), labels)
    loss.backward()
    assert (
        sum(int(parameter.requires_grad) * parameter.numel() for parameter in model.parameters())
        == 0
    )
    assert float(loss.detach()) == pytest.approx(float(torch.tensor(4.0).log()))


def test_evaluation_changes_nothing_and_reads_each_sample_alone() -> None:
    model = memory()
    model.meet(*samples(40))
    model.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    solution, inputs = model.solution.clone(), samples(9, seed=5)[0]
    whole = model(inputs)
    torch.testing.assert_close(torch.cat([model(row[None]) for row in inputs]), whole)
    torch.testing.assert_close(whole.exp().sum(1), torch.ones(9))
    assert torch.equal(model.solution, solution)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_state_restores_answers_and_what_follows(tmp_path: Path) -> None:
    model = memory()
    model.meet(*samples(40))
    save_file(model.state_dict(), tmp_path / "memory.safetensors")
    other = memory()
    other.load_state_dict(load_file(tmp_path / "memory.safetensors"))
    other.restore_solution(model.last_solution())
    for one in (model, other):
        one.meet(*samples(600, (2, 3), seed=3))
        one.eval()
    inputs = samples(9, seed=5)[0]
    assert torch.equal(model(inputs), other(inputs))


def test_other_shapes_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"shape \(7, 6\) do not fit"):
        memory().expect(torch.zeros(2, 7, 6), torch.tensor([0, 1]))


@pytest.mark.parametrize("budget", [4_000, 16_000])
def test_budget_counts_every_byte(budget: int) -> None:
    config = PersistentConfig(budget=budget).fitted(37, 4, SHAPE)
    model = ComplementaryMemory(
        config, shape=SHAPE, classes=4, generator=torch.Generator().manual_seed(0)
    )
    assert config.code == 36
    parts = slow_bytes(config.features, 4) + code_bytes(SHAPE) + bank_bytes(model.bank)
    assert model.stored_bytes() == parts
    assert budget - 20 < parts <= budget
    assert 0.4 < slow_bytes(config.features, 4) / budget < 0.6


def test_a_large_budget_goes_to_the_slow_memory() -> None:
    small, large, largest = (
        PersistentConfig(budget=budget).fitted(785, 10, (28, 28))
        for budget in (500_000, 2_000_000, 6_000_000)
    )
    assert small.slots is not None
    assert 5_000 < small.slots < 6_500
    assert 0.59 < slow_bytes(small.features, 10) / 500_000 < 0.6
    for config, budget in ((large, 2_000_000), (largest, 6_000_000)):
        assert config.slots is not None
        assert 10_000 <= config.slots < 10_200
        # A slot has 32 bytes of code, a label, and an edge.
        rest = budget - 10_000 * 34
        assert 0.98 * rest < slow_bytes(config.features, 10) <= rest


def test_too_small_budget_is_an_error() -> None:
    with pytest.raises(ValueError, match="fewer than 4 classes: give at least budget="):
        PersistentConfig(budget=250).fitted(37, 4, SHAPE)
