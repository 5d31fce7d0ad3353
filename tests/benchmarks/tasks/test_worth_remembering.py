"""worth-remembering: the oracle's answers, usefulness, and what does not show it."""

import pytest
import torch

from benchmarks.tasks import worth_remembering
from benchmarks.tasks.worth_remembering import AGAIN, BLOCK_TOKENS, NEVER, ONCE, Config, build
from strategies.sequence.item_streams import NO_ITEM, ItemStream
from tests.benchmarks.tasks import oracles
from tests.benchmarks.tasks.seeded_draws import generator


def drawn(length: int = 1024, batch: int = 16) -> ItemStream:
    return build(Config()).item_stream(length, batch, generator())


def test_targets_are_those_of_the_oracle() -> None:
    batch = drawn().batch
    assert batch.mask is not None
    for row, positions, targets, counts in zip(
        batch.inputs.tolist(),
        batch.positions.tolist(),
        batch.targets.tolist(),
        batch.mask.tolist(),
        strict=True,
    ):
        for position, target, counted in zip(positions, targets, counts, strict=True):
            if counted:
                assert oracles.worth_remembering(row, position) == target


def test_queries_are_about_useful_items_of_earlier_blocks() -> None:
    stream = drawn()
    shown = torch.zeros_like(stream.role, dtype=torch.bool)
    asked = torch.zeros_like(stream.role)
    for block in range(stream.item.shape[1]):
        item, query = stream.item[:, block], stream.query[:, block]
        assert shown.gather(1, item)[query].all()
        asked.scatter_add_(1, item, query.long())
        shown.scatter_(1, item, True)
    assert int(asked[stream.role == NEVER].sum()) == 0
    assert int(asked[stream.role == ONCE].max()) == 1
    assert int(asked[stream.role == AGAIN].max()) > 3
    assert torch.equal(shown, stream.role != NO_ITEM)


def test_role_depends_on_kind_and_context_together() -> None:
    task = build(Config())
    stream = task.item_stream(256, 64, generator())
    events = stream.batch.inputs.view(64, -1, 4)
    fact = ~stream.query.flatten(1)
    kind = (events[..., 1] - 1088)[fact]
    context = (events[..., 0] - 1092)[fact]
    role = stream.role.gather(1, stream.item.flatten(1))[fact]
    assert torch.equal(role, ((kind - 2 * context) % 4).clamp_max(NEVER))
    for which in range(4):
        assert set(role[kind == which].tolist()) == {(AGAIN, ONCE)[which % 2], NEVER}
    for which in range(2):
        assert set(role[context == which].tolist()) == {AGAIN, ONCE, NEVER}


def test_useful_and_useless_items_are_repeated_alike() -> None:
    stream = drawn(4096, 8)
    fact = (~stream.query).flatten(1).long()
    shown = torch.zeros_like(stream.role).scatter_add_(1, stream.item.flatten(1), fact)
    means = [float(shown[stream.role == role].double().mean()) for role in (AGAIN, NEVER)]
    assert means[0] == pytest.approx(means[1], rel=0.05)
    assert 1.2 < means[0] < 1.5


def test_number_of_facts_grows_with_the_stream() -> None:
    counts = [int((drawn(length, 2).role[0] != NO_ITEM).sum()) for length in (256, 4096)]
    assert counts[1] > 10 * counts[0] > 100


def test_keys_are_not_used_twice() -> None:
    stream = drawn()
    for key in stream.key:
        assert len(set(key.tolist())) == len(key)


def test_item_query_ends_with_the_key_of_the_item() -> None:
    task = build(Config())
    stream = task.item_stream(BLOCK_TOKENS, 3, generator())
    queries = task.item_queries(stream)
    assert torch.equal(queries[..., 2], stream.key)
    assert set(queries[..., 1].flatten().tolist()) == {task.query_token}
    assert torch.equal(queries[:, 0, 0], stream.batch.inputs[:, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": 2}, "kinds = 2"),
        ({"kinds": 5}, "kinds = 5"),
        ({"values": 1}, "values = 1"),
        ({"repeated": 1.0}, "repeated = 1.0"),
        ({"lifetime": 0.0}, "lifetime = 0.0"),
        ({"train_length": 100}, "train_length = 100"),
        ({"furthest": 128}, "furthest = 128"),
        ({"keys": 100}, "keys = 100"),
    ],
)
def test_impossible_options_are_errors(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        worth_remembering.Config(**options)  # type: ignore[arg-type]
