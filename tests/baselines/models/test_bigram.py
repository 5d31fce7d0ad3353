"""The table of successors against a plain loop over the sequence."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.interface import Signature
from baselines.models.bigram import Bigram, Config, build
from results.errors import UsageError

VOCABULARY = 4
WEIGHTS = (3.0, 1.5, 0.25)


def model() -> Bigram:
    built = Bigram(Config(depth=len(WEIGHTS)), VOCABULARY).double()
    built.recency.data = torch.tensor(WEIGHTS, dtype=torch.float64)
    built.frequency.data.fill_(0.5)
    built.bias.data = torch.arange(VOCABULARY, dtype=torch.float64) / 10
    return built


def plain(tokens: list[int]) -> list[list[float]]:
    """Logits at every position, from the tokens up to there."""
    rows = []
    for place, token in enumerate(tokens):
        row = [0.5 * math.log1p(tokens[: place + 1].count(v)) + v / 10 for v in range(VOCABULARY)]
        successors = [tokens[s + 1] for s in reversed(range(place)) if tokens[s] == token]
        for weight, successor in zip(WEIGHTS, successors, strict=False):
            row[successor] += weight
        rows.append(row)
    return rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=30), st.integers(1, 7))
def test_pieces_of_any_length_equal_plain_loop(tokens: list[int], cut: int) -> None:
    built, state, pieces = model(), None, []
    for piece in torch.tensor([tokens]).split(cut, dim=1):
        output = built(piece, state)
        state = output.state
        pieces.append(output.logits)
    torch.testing.assert_close(
        torch.cat(pieces, dim=1), torch.tensor([plain(tokens)], dtype=torch.float64)
    )


def test_positions_may_be_unordered_and_repeated() -> None:
    tokens = [0, 1, 0, 2, 0, 0, 3, 1]
    positions = torch.tensor([[6, 2, 2, 7]])
    found = model()(torch.tensor([tokens]), positions=positions).logits
    torch.testing.assert_close(
        found, torch.tensor([[plain(tokens)[place] for place in (6, 2, 2, 7)]], dtype=torch.float64)
    )


def test_untrained_table_predicts_last_successor() -> None:
    """0 is followed by 1 three times, and by 2 the last time."""
    built = Bigram(Config(), VOCABULARY)
    logits = built(torch.tensor([[0, 1, 0, 1, 0, 1, 0, 2, 0]])).logits[0, -1]
    assert int(logits.argmax()) == 2
    torch.testing.assert_close(logits, torch.tensor([0.0, 3.5, 4.0, 0.0]))


def test_weights_learn_last_but_one_successor() -> None:
    """The target is the successor of the last but one occurrence; the table learns it."""
    built, generator = Bigram(Config(), VOCABULARY), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(built.parameters(), lr=0.3)

    def drawn() -> tuple[Tensor, Tensor]:
        values = torch.randint(1, VOCABULARY, (64, 2), generator=generator)
        zero = torch.zeros_like(values[:, :1])
        return torch.cat([zero, values[:, :1], zero, values[:, 1:], zero], dim=1), values[:, 0]

    for _ in range(60):
        inputs, targets = drawn()
        loss = torch.nn.functional.cross_entropy(built(inputs).logits[:, -1], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    inputs, targets = drawn()
    assert bool((built(inputs).logits[:, -1].argmax(-1) == targets).all())


@pytest.mark.parametrize(
    "signature",
    [Signature(features=5, outputs=3, length=8), Signature(vocabulary=5, outputs=3, length=8)],
    ids=["features", "classes"],
)
def test_inputs_without_successors_are_an_error(signature: Signature) -> None:
    with pytest.raises(UsageError, match="tokens in and the same tokens out"):
        build(Config(), signature)


def test_depth_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="depth = 0"):
        Config(depth=0)
