"""Every label can be answered from the sequence, and stands where it is said to stand."""

from typing import Any

import pytest
import torch

from baselines.registry import Entry, Registry
from benchmarks.tasks import delayed_recall, induction

TASKS = [pytest.param(entry, id=entry.name) for entry in Registry("task")]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(entry: Entry) -> Any:
    module = entry.load()
    return module.build(module.Config())


@pytest.mark.parametrize("entry", TASKS)
def test_samples_are_seeded_and_within_the_signature(entry: Entry) -> None:
    task = build(entry)
    one, same, other = (task.sample(8, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(one.inputs, same.inputs)
    assert torch.equal(one.targets, same.targets)
    assert not torch.equal(one.inputs, other.inputs)
    assert one.inputs.shape == (8, task.signature.length)
    assert one.inputs.min() >= 0
    assert one.inputs.max() < task.signature.vocabulary
    assert one.positions.shape == one.targets.shape
    assert one.targets.max() < task.signature.outputs


@pytest.mark.parametrize("entry", TASKS)
def test_a_stream_in_pieces_is_a_stream(entry: Entry) -> None:
    task = build(entry)
    probe = task.probe(4, generator())
    pieces = [probe.stream(start, stop) for start, stop in [(0, 10), (10, 11), (11, 200)]]
    assert torch.cat(pieces, dim=1).shape == (4, 200)
    assert sorted(probe.distances) == list(probe.distances)


@pytest.mark.parametrize("entry", TASKS)
def test_facts_say_the_primary_metric_and_chance(entry: Entry) -> None:
    task = build(entry)
    assert entry.source.facts["PRIMARY"] in {"accuracy", *(f"accuracy_at_{d}" for d in task.probe(1, generator()).distances)}
    assert 0 < entry.source.facts["CHANCE"] < 0.5


def test_induction_asks_for_what_followed_the_only_special_token() -> None:
    task = induction.build(induction.Config(train_length=64))
    batch = task.sample(200, generator())
    special = batch.inputs == task.special
    assert (special.sum(1) == 2).all()
    assert special[:, -1].all()
    assert (batch.positions == 63).all()
    cue = special.int().argmax(1)
    assert torch.equal(batch.inputs[torch.arange(200), cue + 1], batch.targets[:, 0])
    assert cue.unique().numel() > 30
    assert batch.targets.unique().numel() == task.special


def test_induction_is_asked_at_the_stated_distance() -> None:
    task = induction.build(induction.Config(furthest=128))
    probe = task.probe(50, generator(4))
    tokens = probe.stream(0, 200)
    cue = (tokens == task.special).int().argmax(1)
    assert ((tokens == task.special).sum(1) == 1).all()
    assert torch.equal(tokens[torch.arange(50), cue + 1], probe.questions().targets[:, 0])
    for distance in probe.distances:
        question_stands_at = probe.read_until(distance)
        assert (question_stands_at - (cue + 1) == distance).all()


def test_delayed_recall_asks_for_the_token_behind_the_key() -> None:
    config = delayed_recall.Config()
    batch = delayed_recall.build(config).sample(100, generator())
    half = config.train_length // 2
    for tokens, positions, targets in zip(batch.inputs, batch.positions, batch.targets, strict=True):
        assert positions.unique().numel() == config.pairs
        assert (positions >= half).all()
        for position, target in zip(positions.tolist(), targets.tolist(), strict=True):
            key = tokens[position]
            place = (tokens[:half] == key).nonzero().flatten()
            assert key < config.keys
            assert place.numel() == 1
            assert tokens[place + 1] == target
    in_half = batch.inputs[:, :half]
    assert ((in_half < config.keys).sum(1) == config.pairs).all()
    assert ((in_half >= config.keys) & (in_half < config.keys + config.values)).sum(1).eq(config.pairs).all()


def test_delayed_recall_is_asked_at_the_stated_distance_behind_all_the_evidence() -> None:
    config = delayed_recall.Config(furthest=512)
    probe = delayed_recall.build(config).probe(20, generator(3))
    tokens = probe.stream(0, 700)
    evidence = tokens < config.keys + config.values
    last = evidence.shape[1] - 1 - evidence.flip(1).int().argmax(1)
    for distance in probe.distances:
        assert (probe.read_until(distance) - last >= distance).all()
        assert probe.read_until(distance) == config.train_length // 2 + distance - 1
    questions = probe.questions()
    for row, keys, values in zip(tokens, questions.inputs[..., 0], questions.targets, strict=True):
        for key, value in zip(keys.tolist(), values.tolist(), strict=True):
            assert row[(row == key).nonzero().flatten() + 1] == value


@pytest.mark.parametrize(
    ("config", "options", "message"),
    [
        (induction.Config, {"vocabulary": 2}, "vocabulary = 2"),
        (delayed_recall.Config, {"pairs": 65}, "pairs = 65"),
        (delayed_recall.Config, {"furthest": 64}, "furthest = 64"),
    ],
)
def test_options_that_make_no_sense_are_refused(config: Any, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**options)
