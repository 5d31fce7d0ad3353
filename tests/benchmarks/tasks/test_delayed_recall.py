"""Delayed recall: the value after a key.

In the hard task it is the last one, with values among the noise.
"""

import itertools

import torch

from benchmarks.tasks import delayed_recall, delayed_recall_hard
from tests.benchmarks.tasks.oracles import HALF, KEYS, VALUES, bound
from tests.benchmarks.tasks.oracles import delayed_recall as solve
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator, stream_queries


def is_value(token: int) -> bool:
    return KEYS <= token < KEYS + VALUES


def test_target_is_the_token_after_the_key() -> None:
    config = delayed_recall.Config()
    batch = delayed_recall.build(config).sample(100, generator())
    half = config.train_length // 2
    for tokens, positions, targets in zip(
        batch.inputs, batch.positions, batch.targets, strict=True
    ):
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
    assert (
        ((in_half >= config.keys) & (in_half < config.keys + config.values))
        .sum(1)
        .eq(config.pairs)
        .all()
    )


def test_query_is_at_the_stated_distance_after_the_evidence() -> None:
    config = delayed_recall.Config(furthest=512)
    query_stream = delayed_recall.build(config).query_stream(20, generator(3))
    tokens = query_stream.stream(0, 700)
    evidence = tokens < config.keys + config.values
    last = evidence.shape[1] - 1 - evidence.flip(1).int().argmax(1)
    for distance in query_stream.distances:
        assert (query_stream.read_until(distance) - last >= distance).all()
        assert query_stream.read_until(distance) == config.train_length // 2 + distance - 1
    queries = query_stream.queries()
    for row, keys, values in zip(tokens, queries.inputs[..., 0], queries.targets, strict=True):
        for key, value in zip(keys.tolist(), values.tolist(), strict=True):
            assert row[(row == key).nonzero().flatten() + 1] == value


def test_hard_target_is_the_last_value_after_the_key() -> None:
    batch = delayed_recall_hard.build(delayed_recall_hard.Config()).sample(100, generator())
    first = count = 0
    for tokens, position, target in batch_queries(batch):
        values = bound(tokens[:HALF])[tokens[position]]
        assert values[-1] == target
        assert len(set(values)) == len(values) <= 2, "bound again to another value"
        first += values[0] == target
        count += 1
        assert position >= HALF
    assert count == 100 * 8
    assert first / count == 0.5, "storing the first value is correct for every other key"


def test_hard_noise_contains_values_that_bind_no_key() -> None:
    batch = delayed_recall_hard.build(delayed_recall_hard.Config()).sample(100, generator())
    decoys = 0
    for tokens in batch.inputs.tolist():
        assert all(len(values) in (1, 2) for values in bound(tokens[:HALF]).values())
        assert len(bound(tokens[:HALF])) == 8
        decoys += sum(
            is_value(token) and before >= KEYS for before, token in itertools.pairwise(tokens)
        )
        assert not any(
            token < KEYS and is_value(after)
            for token, after in zip(tokens[HALF:], tokens[HALF + 1 :], strict=False)
        )
    noise = 100 * (128 - 24 - 8)
    assert 0.08 * noise < decoys < 0.12 * noise


def test_hard_query_is_at_the_stated_distance_with_decoys_between() -> None:
    for distance in (128, 1024):
        query_stream = delayed_recall_hard.build(delayed_recall_hard.Config()).query_stream(
            20, generator(6)
        )
        for tokens, place, target in stream_queries(query_stream, distance):
            assert solve(tokens, place) == target
            assert place - (HALF - 1) == distance
            between = torch.tensor(tokens[HALF:place])
            assert (between >= KEYS).all()
            assert 0.02 < float((between < KEYS + VALUES).float().mean()) < 0.2
