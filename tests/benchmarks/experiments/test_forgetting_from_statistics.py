"""Five membership attacks on the default memory, before and after a request to forget."""

import pytest
import torch
from torch.nn.functional import interpolate

from benchmarks.experiments.forgetting_from_statistics import attack, learn, new_memory
from benchmarks.experiments.forgetting_on_request import Sets


def test_attacks_find_stored_members_until_they_are_forgotten() -> None:
    """Smooth noise: slots and dreams identify members, and so do the few samples' statistics."""
    draws = torch.Generator().manual_seed(0)
    small, labels = torch.rand(120, 1, 7, 7, generator=draws), torch.arange(120) % 10
    inputs = interpolate(small, scale_factor=4, mode="bilinear").flatten(2)
    memory = new_memory(80, 3100)
    learn(memory, inputs[:80], labels[:80])
    sets = Sets(
        seen=(inputs[:80], labels[:80]), others=(inputs[80:], labels[80:]), test=(inputs, labels)
    )
    before = attack(memory, sets, 40)
    assert set(before) == {"slot", "dream", "answer", "leverage", "moments"}
    assert all(before[name] > 0.9 for name in ("slot", "dream", "leverage"))
    assert memory.forget(inputs[:40], labels[:40]) == 40
    after = attack(memory, sets, 40)
    assert all(after[name] == pytest.approx(0.5, abs=0.15) for name in before), after
