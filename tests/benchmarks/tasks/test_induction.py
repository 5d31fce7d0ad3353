"""Induction: the token after the cue, at the stated distance; and decoys of the hard task."""

import itertools
from collections import Counter

import pytest
import torch

from benchmarks.tasks import induction, induction_hard
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import batch_queries, generator, stream_queries

FIRST, SECOND = 14, 15


def pairs(tokens: torch.Tensor, first: int = FIRST, second: int = SECOND) -> torch.Tensor:
    """Count the ordered pairs in each row."""
    return ((tokens[:, :-1] == first) & (tokens[:, 1:] == second)).sum(1)


def test_target_is_the_token_after_the_special_token() -> None:
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


def test_query_is_at_the_stated_distance() -> None:
    task = induction.build(induction.Config(furthest=128))
    query_stream = task.query_stream(50, generator(4))
    tokens = query_stream.stream(0, 200)
    cue = (tokens == task.special).int().argmax(1)
    assert ((tokens == task.special).sum(1) == 1).all()
    assert torch.equal(tokens[torch.arange(50), cue + 1], query_stream.queries().targets[:, 0])
    for distance in query_stream.distances:
        query_position = query_stream.read_until(distance)
        assert (query_position - (cue + 1) == distance).all()


def test_hard_cue_occurs_once_before_the_target() -> None:
    batch = induction_hard.build(induction_hard.Config()).sample(300, generator())
    assert (pairs(batch.inputs) == 2).all(), "the cue, and the query at the end"
    assert (pairs(batch.inputs[:, -2:]) == 1).all()
    places = set()
    for tokens, position, target in batch_queries(batch):
        assert position == 255
        assert oracles.induction_hard(tokens, position) == target
        assert target not in (FIRST, SECOND)
        places.add(tokens.index(target))
    assert batch.targets.unique().numel() == 14
    starts = ((batch.inputs[:, :-1] == FIRST) & (batch.inputs[:, 1:] == SECOND)).int().argmax(1)
    assert starts.min() < 10
    assert starts.max() > 240


def test_hard_cue_tokens_also_occur_elsewhere() -> None:
    batch = induction_hard.build(induction_hard.Config()).sample(200, generator())
    for token in (FIRST, SECOND):
        others = (batch.inputs == token).sum(1) - 2
        assert others.min() >= 3
        assert others.float().mean() > 12
    share = Counter(batch.inputs.flatten().tolist())
    assert all(
        count / batch.inputs.numel() == pytest.approx(1 / 16, abs=0.01) for count in share.values()
    ), "no token is rare"


def test_bigram_table_does_not_solve_the_hard_task() -> None:
    """A table of last or of most frequent successors solves the plain task only."""

    def accuracies(batch: induction.Batch) -> tuple[float, float]:
        last = often = count = 0
        for tokens, position, target in batch_queries(batch):
            followed = [
                after
                for token, after in itertools.pairwise(tokens[: position + 1])
                if token == tokens[position]
            ]
            last += followed[-1] == target
            often += Counter(followed).most_common(1)[0][0] == target
            count += 1
        return last / count, often / count

    assert accuracies(induction.build(induction.Config()).sample(200, generator())) == (1.0, 1.0)
    assert (
        max(accuracies(induction_hard.build(induction_hard.Config()).sample(500, generator())))
        < 0.3
    )


def test_hard_query_is_at_the_stated_distance() -> None:
    task = induction_hard.build(induction_hard.Config(furthest=128))
    for distance in (64, 128):
        query_stream = task.query_stream(50, generator(5))
        for tokens, place, target in stream_queries(query_stream, distance):
            assert oracles.induction_hard(tokens, place) == target
            assert tokens[place - 1 :] == [FIRST, SECOND]
            answer_at = (
                next(
                    start for start in range(place) if tokens[start : start + 2] == [FIRST, SECOND]
                )
                + 2
            )
            assert place - answer_at == distance


def test_no_cue_forms_at_the_border_of_two_pieces() -> None:
    # With four types of token, every sixteenth pair would be a cue.
    query_stream = induction_hard.build(induction_hard.Config(vocabulary=4)).query_stream(
        64, generator(1)
    )
    tokens = torch.cat([query_stream.stream(place, place + 1) for place in range(600)], dim=1)
    assert (pairs(tokens, 2, 3) == 1).all()
    assert ((tokens == 3).sum(1) > 60).all()
