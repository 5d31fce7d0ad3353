"""Recall any: the successor of a pair of ordinary tokens, and stores that do not suffice."""

import itertools
from collections import Counter, OrderedDict

import pytest
import torch

from benchmarks.tasks import recall_any
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator, stream_queries

EVIDENCE = 64


def test_every_pair_that_occurred_before_is_a_training_query() -> None:
    batch = recall_any.build(recall_any.Config()).sample(20, generator())
    queried = {(tuple(tokens), position) for tokens, position, _ in batch_queries(batch)}
    for tokens, position, target in batch_queries(batch):
        assert oracles.recall_any(tokens, position) == target
    for tokens in batch.inputs.tolist():
        pairs = list(itertools.pairwise(tokens))
        for place, pair in enumerate(pairs):
            assert (pair in pairs[:place]) == ((tuple(tokens), place + 1) in queried)
    assert len(queried) > 20 * 20


def test_queried_pairs_occur_in_the_evidence_only() -> None:
    for distance in (64, 512):
        query_stream = recall_any.build(recall_any.Config()).query_stream(30, generator(1))
        places = Counter[int]()
        for tokens, position, target in stream_queries(query_stream, distance):
            cue = tokens[position - 1 :]
            found = [p for p in range(1, position) if tokens[p - 1 : p + 1] == cue]
            assert cue[0] != cue[1]
            assert found[-1] < EVIDENCE - 1
            assert tokens[found[-1] + 1] == target == oracles.recall_any(tokens, position)
            assert position - (EVIDENCE - 1) == distance
            places[found[-1]] += 1
        assert len(places) > 50, "any place of the evidence"
        queries = query_stream.queries().inputs.tolist()
        assert all(len(set(map(tuple, cues))) == 8 for cues in queries)


def test_token_types_do_not_tell_cues_from_other_tokens() -> None:
    query_stream = recall_any.build(recall_any.Config()).query_stream(500, generator(2))
    queries = query_stream.queries()
    tokens = query_stream.stream(0, 600)
    for drawn in (queries.inputs[..., 0], queries.inputs[..., 1], queries.targets, tokens):
        share = torch.bincount(drawn.flatten(), minlength=16) / drawn.numel()
        assert share.min() > 0.045
        assert share.max() < 0.08
    for row in range(500):
        assert set(queries.inputs[row].flatten().tolist()) <= set(tokens[row, EVIDENCE:].tolist())


def store_accuracy(distance: int, cue: int, slots: int) -> float:
    """Accuracy of a store of the last ``cue`` tokens → next token, with LRU replacement."""
    query_stream = recall_any.build(recall_any.Config()).query_stream(40, generator(3))
    correct = []
    for tokens, position, target in stream_queries(query_stream, distance):
        store: OrderedDict[tuple[int, ...], int] = OrderedDict()
        for place in range(cue, position):  # the query itself has no successor
            key = tuple(tokens[place - cue : place])
            store[key] = tokens[place]
            store.move_to_end(key)
            if len(store) > slots:
                store.popitem(last=False)
        correct.append(store.get(tuple(tokens[position - cue + 1 :])) == target)
    return sum(correct) / len(correct)


def test_store_of_single_tokens_has_chance_accuracy() -> None:
    """A filter on token types does not help: every type is a cue."""
    assert store_accuracy(512, cue=1, slots=16) == pytest.approx(recall_any.CHANCE, abs=0.05)


def test_only_a_store_with_a_place_for_every_pair_answers() -> None:
    assert store_accuracy(512, cue=2, slots=256) == 1.0
    assert store_accuracy(512, cue=2, slots=64) == 0.0
    assert store_accuracy(2048, cue=2, slots=240) < 0.2


def test_tokens_after_the_evidence_are_uniform_over_the_allowed_ones() -> None:
    pairs = torch.tensor([[[0, 1], [0, 2], [3, 0]]]).expand(2000, -1, -1)
    draw = recall_any.TokensWithout(pairs, torch.zeros(2000, dtype=torch.int64), 4, generator())
    tokens = torch.cat([draw(1), draw(49)], dim=1)
    counts = torch.bincount((tokens[:, :-1] * 4 + tokens[:, 1:]).flatten(), minlength=16)
    share = counts.view(4, 4) / counts.view(4, 4).sum(1, keepdim=True)
    target = torch.tensor([[0.5, 0, 0, 0.5], [0.25] * 4, [0.25] * 4, [0, 1 / 3, 1 / 3, 1 / 3]])
    assert torch.allclose(share, target, atol=0.015)
    assert set(tokens[:, 0].tolist()) == {0, 3}
    assert draw(0).shape == (2000, 0)
