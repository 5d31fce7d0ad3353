"""Initial values: `mimetic` ones read a pair from the first step on, and `plain` ones do not."""

from typing import Literal

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.model import MemNet

Init = Literal["mimetic", "plain"]


def fresh(init: Init) -> MemNet:
    torch.manual_seed(0)
    return MemNet(MemNetConfig(init=init), vocabulary=40, outputs=40).eval()


@pytest.mark.parametrize(("init", "reads"), [("mimetic", True), ("plain", False)])
def test_first_reads_of_a_pair(init: Init, reads: bool) -> None:
    """A token that occurred before is followed by its successor: 2 of 40 by chance."""
    model = fresh(init)
    pairs = torch.randperm(40, generator=torch.Generator().manual_seed(1)).view(20, 2)
    noise = torch.arange(40).roll(7).repeat(20, 1)[:, :24]
    asked = torch.cat([pairs[:, :1], pairs[:, 1:], noise, pairs[:, :1]], dim=1)
    with torch.no_grad():
        found = model(asked).logits[:, -1]
    ranked = found.argsort(dim=-1, descending=True)[:, :4]
    hits = int((ranked == pairs[:, 1:]).any(-1).sum())
    assert hits >= 10 if reads else hits <= 5, hits


def test_plain_values_have_no_structure() -> None:
    model, placed = fresh("plain"), fresh("mimetic")
    write, read = model.bank.write_heads, model.bank.read_heads
    assert write.identity is not None
    assert read.identity is not None
    assert not model.controller.distance_bias.any()
    assert placed.controller.distance_bias.any()
    for mine, other in (
        (write.key.project, read.query.project),
        (write.key_clock, read.query_clock),
        (write.identity.weight, read.identity.weight),
    ):
        cosine = torch.nn.functional.cosine_similarity(mine.flatten(), other.flatten(), dim=0)
        assert abs(cosine.item()) < 0.2
    for taps in (write.key.weight, read.query.weight):
        assert bool((taps != 0).all())
    assert model.bank.spread_logit is not None
    assert not model.bank.spread_logit.any()
    inward = write.value.weight @ model.bottleneck.project.weight
    assert not torch.allclose(model.fusion.read.weight, inward.T)


def test_unknown_initial_values_are_an_error() -> None:
    with pytest.raises(ValueError, match="init = 'ready' must be 'mimetic' or 'plain'"):
        MemNetConfig(init="ready")  # type: ignore[arg-type]
