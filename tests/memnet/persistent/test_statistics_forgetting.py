"""Forgetting on request without weights: statistics, slots, moments; a membership attack."""

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import Tensor

from memnet.persistent.bank import cosine
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.config import PersistentConfig
from memnet.persistent.quantization import STEPS, unpack
from memnet.persistent.trace import StreamTrace
from tests.memnet.persistent.test_complementary import memory, samples
from tests.memnet.persistent.test_trace import rows_of


def test_statistics_are_those_of_a_memory_that_never_saw_the_items() -> None:
    inputs, labels = samples(80, (0, 1, 2, 3))
    model, reference = memory(), memory()
    model.meet(inputs, labels)
    model.forget(inputs[:30], labels[:30])
    reference.meet(inputs[30:], labels[30:])
    for name in ("gram", "sums", "counts"):
        torch.testing.assert_close(getattr(model.slow, name), getattr(reference.slow, name))
    torch.testing.assert_close(model.solution, reference.slow.solve(), atol=1e-3, rtol=1e-3)
    assert model.bank.seen.tolist() == reference.bank.seen.tolist()
    assert int(model.bank.clock) == int(model.solved_at) == 50


def test_slots_of_items_are_erased_and_no_others() -> None:
    model = memory(slots=60, code=36)
    inputs, labels = samples(40)
    model.meet(inputs, labels)
    assert int(model.bank.occupied.sum()) == 40
    assert model.forget(inputs[:12], labels[:12]) == 12
    empty = torch.nonzero(~model.bank.occupied).flatten()
    assert (len(empty), int(model.bank.codes[empty].sum())) == (32, 0)
    dreams = model.dream(torch.nonzero(model.bank.occupied).flatten()).flatten(1)
    nearest = torch.cdist(dreams, inputs.flatten(1)).argmin(1)
    assert sorted(nearest.tolist()) == [*range(12, 40)]


def test_moments_are_those_of_the_remaining_dreams() -> None:
    model = memory(slots=60, code=30)
    inputs, labels = samples(40)
    model.meet(inputs, labels)
    other = memory(slots=60, code=30)
    other.meet(inputs, labels)
    unstored = torch.ones(36, dtype=torch.bool).index_fill(0, model.code.chosen(), False)
    other.code.mean[unstored] += 1.0  # a trace of the items where no code is stored
    for one in (model, other):
        one.forget(inputs[:12], labels[:12])
        assert int((one.code.mean == 0).sum()) == 6
    assert torch.equal(model.code.mean[unstored], other.code.mean[unstored])
    full = torch.nonzero(model.bank.occupied).flatten()
    codes = unpack(model.bank.codes[full], 4)
    assert float(codes.mean(0).abs().max()) < STEPS[4] / 2
    assert float((codes.std(0) - 1).abs().max()) < 0.2


def test_a_class_without_samples_is_unknown_again() -> None:
    model = memory()
    inputs, labels = samples(60, (0, 1, 2))
    model.meet(inputs, labels)
    own = labels == 2
    model.forget(inputs[own], labels[own])
    assert not (model.bank.target[model.bank.occupied] == 2).any()
    assert model.slow.sums[:, 2].tolist() == [0.0] * 12
    scores = model.eval()(inputs)
    assert not (scores.argmax(1) == 2).any()


def test_a_memory_that_forgets_everything_learns_like_a_new_one() -> None:
    model, new = memory(), memory()
    inputs, labels = samples(60)
    model.meet(inputs, labels)
    model.forget(inputs, labels)
    assert not model.bank.occupied.any()
    for one in (model, new):
        one.meet(*samples(60, (2, 3), seed=4))
        one.sleep()
    for name, tensor in new.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name]), name


def test_more_items_than_samples_seen_are_an_error() -> None:
    model = memory()
    model.meet(*samples(20))
    inputs, labels = samples(30, (1,))
    with pytest.raises(ValueError, match="30 items of class 1 are more than the 10 samples of it"):
        model.forget(inputs, labels)


def test_trace_names_what_was_forgotten() -> None:
    model = memory(slots=60)
    model.trace = StreamTrace()
    inputs, labels = samples(40)
    model.meet(inputs, labels)
    model.forget(inputs[:5], labels[:5])
    gone = [row["content"] for row in rows_of(model.trace) if row["event"] == "forget"]
    assert sorted(gone) == [*range(5)]


def attacks(model: ComplementaryMemory, inputs: Tensor, labels: Tensor) -> dict[str, float]:
    """AUC of three scores; the first half of the samples are members."""
    near = cosine(model.codes_of(inputs), unpack(model.bank.codes, model.config.bits))
    same = (model.bank.target.long()[None] == labels[:, None]) & model.bank.occupied
    features, solution = model.slow.features(inputs), model.slow.solve()
    scores = {
        "slot": near.masked_fill(~same, -1.0).amax(1),
        "answer": model.eval()(inputs).gather(1, labels[:, None]).squeeze(1),
        "statistics": (features @ solution).gather(1, labels[:, None]).squeeze(1),
    }
    truth = torch.arange(len(labels)) < len(labels) // 2
    return {
        name: float(roc_auc_score(truth.numpy(), score.numpy())) for name, score in scores.items()
    }


def test_membership_attack_works_before_and_not_after() -> None:
    """400 members, 400 samples that no memory has seen; accuracy on the rest of the samples."""
    pixels, classes = load_digits(return_X_y=True)
    order = torch.randperm(len(classes), generator=torch.Generator().manual_seed(3100))
    inputs = torch.tensor(pixels, dtype=torch.float32)[order].reshape(-1, 8, 8) / 16
    labels = torch.tensor(classes)[order].long()
    model, reference = (
        ComplementaryMemory(
            PersistentConfig(slots=1000, code=32).fitted(65, 10, (8, 8)),
            shape=(8, 8),
            classes=10,
            generator=torch.Generator().manual_seed(0),
        )
        for _ in range(2)
    )
    model.meet(inputs[400:], labels[400:])
    reference.meet(inputs[800:], labels[800:])
    for one in (model, reference):
        one.sleep()
    attacked = torch.cat([inputs[400:800], inputs[:400]])
    truth = torch.cat([labels[400:800], labels[:400]])

    def accuracy() -> float:
        return float((model.eval()(inputs[800:]).argmax(1) == labels[800:]).double().mean())

    before, known = attacks(model, attacked, truth), accuracy()
    assert before["slot"] > 0.7
    model.forget(inputs[400:800], labels[400:800])
    after, never = attacks(model, attacked, truth), attacks(reference, attacked, truth)
    for name, auc in after.items():
        assert auc == pytest.approx(0.5, abs=0.05), name
        assert auc == pytest.approx(never[name], abs=0.05), name
    assert accuracy() > known - 0.01
