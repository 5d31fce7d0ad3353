"""The key–value store against a plain loop over the sequence."""

import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.interface import Signature, state_bytes
from baselines.models.key_value_store import Config, KeyValueStore, build
from results.errors import UsageError

VOCABULARY = 6


def model(slots: int, allowed: set[int] | None = None) -> KeyValueStore:
    """Build a store; given ``allowed`` types, with a filter that has learned them."""
    built = KeyValueStore(Config(slots=slots, filter=allowed is not None), VOCABULARY).double()
    built.strength.data.fill_(3.0)
    built.bias.data = torch.arange(VOCABULARY, dtype=torch.float64) / 10
    for token in allowed or ():
        built.queried[token] = True
    return built.eval()


def plain(tokens: list[int], slots: int, allowed: set[int]) -> list[list[float]]:
    """Logits at every position: a dictionary in the order of its writes."""
    store: dict[int, int] = {}
    rows = []
    for place, token in enumerate(tokens):
        if place and tokens[place - 1] in allowed:
            store.pop(tokens[place - 1], None)
            store[tokens[place - 1]] = token
            if len(store) > slots:
                del store[next(iter(store))]
        row = [v / 10 for v in range(VOCABULARY)]
        if token in store:
            row[store[token]] += 3.0
        rows.append(row)
    return rows


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, VOCABULARY + 1),
    st.sets(st.integers(0, VOCABULARY - 1)) | st.none(),
)
def test_pieces_of_any_length_equal_plain_loop(
    tokens: list[int], cut: int, slots: int, allowed: set[int] | None
) -> None:
    built, state, pieces = model(slots, allowed), None, []
    for piece in torch.tensor([tokens]).split(cut, dim=1):
        output = built(piece, state)
        state = output.state
        pieces.append(output.logits)
    target = plain(tokens, slots, set(range(VOCABULARY)) if allowed is None else allowed)
    torch.testing.assert_close(
        torch.cat(pieces, dim=1), torch.tensor([target], dtype=torch.float64)
    )


def test_rows_are_independent_and_positions_may_be_unordered() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(VOCABULARY, (5, 200), generator=generator)
    positions = torch.randint(200, (5, 150), generator=generator)
    found = model(3)(tokens, positions=positions).logits
    for row in range(5):
        logits = torch.tensor(
            plain(tokens[row].tolist(), 3, set(range(VOCABULARY))), dtype=torch.float64
        )
        torch.testing.assert_close(found[row], logits[positions[row]])


def test_least_recently_written_pair_is_replaced() -> None:
    built = model(2)
    # 0 → 1 is written, then 1 → 0, again 0 → 2, and 2 → 3 replaces 1 → 0.
    state = built(torch.tensor([[0, 1, 0, 2, 3]])).state
    assert state.keys.tolist() == [[0, 2]]
    assert state.values.tolist() == [[2, 3]]


def test_filter_learns_queried_types_in_training_only() -> None:
    built = KeyValueStore(Config(slots=2, filter=True), VOCABULARY).train()
    inputs = torch.tensor([[0, 4, 1, 2, 3, 5, 0]])
    at_end = torch.tensor([[6]])
    assert built(inputs, positions=at_end).logits[0, 0].argmax() == 4
    assert built.queried.nonzero().flatten().tolist() == [0]
    assert "queried" in built.state_dict()
    built.eval()
    built(inputs)
    assert built.queried.nonzero().flatten().tolist() == [0]


def test_filter_keeps_a_queried_pair_that_the_plain_store_replaces() -> None:
    tokens = torch.tensor([[0, 4, 1, 2, 3, 5, 1, 2, 0]])
    assert int(model(2, {0})(tokens).logits[0, -1].argmax()) == 4
    assert int(model(2)(tokens).logits[0, -1].argmax()) == VOCABULARY - 1, "the largest bias"


def test_state_has_8_bytes_per_slot() -> None:
    built = model(7)
    assert state_bytes(built.initial_state(1)) == 8 * 7 + 4
    state = built(torch.zeros(1, 50, dtype=torch.int64)).state
    assert state_bytes(state) == 8 * 7 + 4


def test_long_sequence_is_read_in_seconds() -> None:
    built, start = model(64), time.process_time()
    built(torch.randint(VOCABULARY, (1, 2**14), generator=torch.Generator().manual_seed(0)))
    assert time.process_time() - start < 20


def test_inputs_without_next_tokens_are_an_error() -> None:
    with pytest.raises(UsageError, match="model 'key-value-store' needs tokens in"):
        build(Config(), Signature(features=5, outputs=3, length=8))


def test_no_slots_is_an_error() -> None:
    with pytest.raises(ValueError, match="slots = 0"):
        Config(slots=0)
