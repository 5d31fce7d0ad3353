"""The membership attack: its scores and their AUC."""

import pytest
import torch

from benchmarks.experiments.forgetting_on_request import Sets, attack, learn, new_memory


def test_attack_finds_the_stored_members_only() -> None:
    """Members are stored samples; of the reference no sample is a member."""
    draws = torch.Generator().manual_seed(0)
    inputs, labels = torch.rand(60, 1, 784, generator=draws), torch.arange(60) % 10
    memory = new_memory(40, 3100)
    learn(memory, inputs[:40], labels[:40], 1, 3100)
    sets = Sets(
        seen=(inputs[:40], labels[:40]), others=(inputs[40:], labels[40:]), test=(inputs, labels)
    )
    found = attack(memory, sets, 20)
    assert set(found) == {"slot", "head", "reconstruction"}
    assert found["slot"] > 0.8
    strangers = Sets(
        seen=(inputs[40:], labels[40:]), others=(inputs[40:], labels[40:]), test=sets.test
    )
    assert attack(memory, strangers, 20)["slot"] == pytest.approx(0.5)
