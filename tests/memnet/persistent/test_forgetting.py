"""Forgetting on request: slots, counts and weights; a membership attack before and after."""

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from memnet.persistent.bank import cosine
from memnet.persistent.config import PersistentConfig
from memnet.persistent.forgetting import Rebuilding, slots_of
from memnet.persistent.memory import PersistentMemory
from memnet.persistent.quantization import unpack
from tests.memnet.persistent.test_memory import Trunk, memory, samples

BRIEF = Rebuilding(steps=5, batch=8)


def filled(**options: float) -> tuple[PersistentMemory, Tensor, Tensor]:
    model = memory(slots=40, **options)
    inputs, labels = samples(24)
    model.meet(inputs, labels)
    return model, inputs, labels


def test_slots_of_items_are_those_that_hold_them() -> None:
    model, inputs, labels = filled()
    codes = unpack(model.bank.codes, model.config.bits)
    expected = cosine(model.codes_of(inputs[:5]), codes)
    expected[labels[:5, None] != model.bank.target.long()[None]] = -1.0
    found = slots_of(model, inputs[:5], labels[:5])
    assert set(found.tolist()) == set(expected.argmax(1).tolist())
    assert len(slots_of(model, inputs[:0], labels[:0])) == 0


def test_item_that_was_never_stored_has_no_slot() -> None:
    model, inputs, _ = filled()
    assert len(slots_of(model, inputs[:3], torch.full((3,), 3))) == 0


def test_forget_erases_slots_and_counts() -> None:
    model, inputs, labels = filled()
    seen = model.bank.seen.clone()
    gone = slots_of(model, inputs[:6], labels[:6])
    assert model.forget(inputs[:6], labels[:6], BRIEF) == len(gone) == 6
    assert not model.bank.occupied[gone].any()
    assert int(model.bank.codes[gone].sum()) == 0
    assert torch.equal(seen - model.bank.seen, torch.bincount(labels[:6], minlength=4).int())
    assert int(model.bank.clock) == 18


@pytest.mark.parametrize("encoder", [False, True])
def test_weights_are_drawn_again_and_do_not_depend_on_what_they_were(encoder: bool) -> None:
    first, inputs, labels = filled()
    second, _, _ = filled()
    with torch.no_grad():
        for weight in (*second.head.parameters(), *second.hallucination.parameters()):
            weight.add_(1.0)
    for model in (first, second):
        model.generator.manual_seed(7)
        model.forget(inputs[:6], labels[:6], Rebuilding(steps=5, batch=8, encoder=encoder))
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, second.state_dict()[name]), name


def test_encoder_is_drawn_again_on_request_only() -> None:
    for encoder in (False, True):
        model, inputs, labels = filled()
        before = {name: weight.clone() for name, weight in model.trunk.named_parameters()}
        model.forget(inputs[:6], labels[:6], Rebuilding(steps=5, batch=8, encoder=encoder))
        same = [
            torch.equal(before[name], weight) for name, weight in model.trunk.named_parameters()
        ]
        assert all(same) != encoder


def test_forgetting_everything_or_without_dreams_is_an_error() -> None:
    model, inputs, labels = filled()
    with pytest.raises(ValueError, match="no slot would remain"):
        model.forget(inputs, labels, BRIEF)
    torch.manual_seed(0)
    blind = PersistentMemory(
        Trunk(), model.config, shape=(3, 4), classes=4, generator=torch.Generator(), dreams=False
    )
    with pytest.raises(ValueError, match="dreams=False"):
        blind.forget(inputs, labels, BRIEF)


def test_weights_that_cannot_be_drawn_again_are_an_error() -> None:
    model, inputs, labels = filled()
    model.trunk.scale = nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match=r"Trunk has weights \(scale\)"):
        model.forget(inputs[:3], labels[:3], Rebuilding(steps=1, encoder=True))


class Digits(nn.Module):
    width = 64

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64)

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return self.layer(inputs).relu()


def auc(model: PersistentMemory, inputs: Tensor, labels: Tensor, members: int) -> float:
    """AUC of the largest cosine with a slot of the sample's class."""
    near = cosine(model.codes_of(inputs), unpack(model.bank.codes, model.config.bits)).detach()
    same = (model.bank.target.long()[None] == labels[:, None]) & model.bank.occupied
    score = near.masked_fill(~same, -1.0).amax(1)
    truth = torch.arange(len(labels)) < members
    return float(roc_auc_score(truth.numpy(), score.numpy()))


def test_membership_attack_works_before_and_not_after() -> None:
    """400 members, 400 samples that no memory has seen."""
    pixels, classes = load_digits(return_X_y=True)
    order = torch.randperm(len(classes), generator=torch.Generator().manual_seed(3100))
    inputs = torch.tensor(pixels, dtype=torch.float32)[order] / 16
    labels = torch.tensor(classes)[order].long()
    torch.manual_seed(0)
    model = PersistentMemory(
        Digits(),
        PersistentConfig(slots=1400, code=32, hidden=64),
        shape=(64,),
        classes=10,
        generator=torch.Generator().manual_seed(0),
    )
    model.meet(inputs[400:], labels[400:])
    model.sleep()
    attacked = torch.cat([inputs[400:800], inputs[:400]])
    truth = torch.cat([labels[400:800], labels[:400]])
    assert auc(model, attacked, truth, 400) > 0.9
    model.forget(inputs[400:800], labels[400:800], Rebuilding(steps=20))
    assert auc(model, attacked, truth, 400) == pytest.approx(0.5, abs=0.05)
