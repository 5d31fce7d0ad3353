"""The contract that every registered model fulfils.

The tests run on every file in the folder of models.
"""

from typing import Any, NamedTuple

import pytest
import torch
from torch.nn import functional

from baselines.interface import SequenceModel, Signature, map_state, state_bytes
from baselines.registry import Entry, Registry
from results.errors import UsageError


class Pair(NamedTuple):
    one: torch.Tensor
    other: list[torch.Tensor]


def test_map_state_accepts_lists_and_named_tuples() -> None:
    state = Pair(torch.zeros(2, 3), [torch.ones(2), torch.ones(2)])
    doubled = map_state(lambda tensor: tensor.repeat_interleave(2, dim=0), state)
    assert isinstance(doubled, Pair)
    assert (doubled.one.shape, [tensor.shape for tensor in doubled.other]) == ((4, 3), [(4,), (4,)])
    assert state_bytes(state) == 4 * (6 + 4)


MODELS = [pytest.param(entry, id=entry.name) for entry in Registry("model") if not entry.missing]
INPUTS = [
    (entry, kind)
    for entry in Registry("model")
    if not entry.missing
    for kind in ("tokens", "features")
]
LEARNERS = [
    pytest.param(entry, id=entry.name)
    for entry in Registry("model")
    if not entry.missing and entry.source.facts.get("OVERFITS", True)
]
OWN = [pytest.param(entry, id=entry.name) for entry in Registry("model") if not entry.requires]
TOKENS = Signature(vocabulary=11, outputs=11, length=24)
FEATURES = Signature(features=5, outputs=3, length=8)


def build(entry: Entry, signature: Signature, seed: int = 0) -> SequenceModel:
    module = entry.load()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: SequenceModel = module.build(module.Config(), signature)
    return model


def tokens(batch: int = 4, length: int = 24, seed: int = 0) -> torch.Tensor:
    return torch.randint(11, (batch, length), generator=torch.Generator().manual_seed(seed))


def accepts(entry: Entry, kind: str) -> bool:
    """Whether a model accepts such inputs: all, unless its fact ``INPUTS`` restricts them.

    Samples are features of a fixed length.
    """
    allowed = entry.source.facts.get("INPUTS", ("tokens", "features"))
    return kind in allowed or (kind == "features" and "samples" in allowed)


def signature(entry: Entry) -> Signature:
    return TOKENS if accepts(entry, "tokens") else Signature(features=5, outputs=11, length=24)


def as_inputs(entry: Entry, inputs: torch.Tensor) -> torch.Tensor:
    """Return tokens unchanged, or as features, one vector per token, for a model without tokens."""
    if accepts(entry, "tokens"):
        return inputs
    return torch.randn(11, 5, generator=torch.Generator().manual_seed(7))[inputs]


@pytest.mark.parametrize("entry", MODELS)
def test_entry_has_summary_and_options(entry: Entry) -> None:
    assert len(entry.summary) > 10
    module = entry.load()
    assert entry.configure() == {
        option.name: getattr(module.Config(), option.name) for option in entry.source.options
    }


@pytest.mark.parametrize(
    ("entry", "kind"), [pytest.param(*pair, id=f"{pair[0].name}-{pair[1]}") for pair in INPUTS]
)
def test_model_accepts_tokens_and_features(entry: Entry, kind: str) -> None:
    """A model accepts both, unless its fact ``INPUTS`` restricts them.

    Then it rejects the other in one line.
    """
    given = TOKENS if kind == "tokens" else FEATURES
    if not accepts(entry, kind):
        with pytest.raises(UsageError, match=entry.name):
            build(entry, given)
    elif kind == "tokens":
        assert build(entry, given)(tokens()).logits.shape == (4, 24, 11)
    else:
        last = torch.full((6, 1), 7)
        assert build(entry, given)(torch.randn(6, 8, 5), positions=last).logits.shape == (6, 1, 3)


SIZES = ("width", "layers", "heads", "window", "slots", "chunk", "hidden", "span")


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        pytest.param(entry, option.name, id=f"{entry.name}-{option.name}")
        for entry in Registry("model")
        if not entry.missing
        for option in entry.source.options
        if option.name in SIZES
    ],
)
def test_size_below_one_is_an_error_that_names_it(entry: Entry, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} = 0 must be at least 1"):
        entry.load().Config(**{name: 0})


@pytest.mark.parametrize("entry", MODELS)
def test_logits_are_at_query_positions(entry: Entry) -> None:
    model, inputs = build(entry, signature(entry)).eval(), tokens()
    positions = torch.tensor([[3, 0, 23, 3]]).expand(4, -1)
    with torch.no_grad():
        everywhere, queried = (
            model(as_inputs(entry, inputs)).logits,
            model(as_inputs(entry, inputs), positions=positions).logits,
        )
        without_queries = model(as_inputs(entry, inputs), positions=positions[:, :0])
    torch.testing.assert_close(queried, everywhere[:, [3, 0, 23, 3]], rtol=1e-4, atol=1e-5)
    assert without_queries.logits.shape == (4, 0, 11)


@pytest.mark.parametrize("entry", MODELS)
def test_gradients_are_finite_and_reach_parameters(entry: Entry) -> None:
    model, inputs = build(entry, signature(entry)), tokens()
    output = model(as_inputs(entry, inputs), generator=torch.Generator().manual_seed(0))
    model.objective(
        functional.cross_entropy(output.logits.flatten(0, 1), inputs.flatten()), output.losses
    ).backward()
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert all(grad.isfinite().all() for grad in grads.values() if grad is not None)
    assert sum(grad is not None and bool(grad.any()) for grad in grads.values()) > 0.5 * len(grads)


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
@pytest.mark.parametrize("entry", OWN)
def test_half_precision_trains_and_streams(entry: Entry) -> None:
    model, inputs = build(entry, signature(entry)), as_inputs(entry, tokens())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        first = model(inputs[:, :12])
        second = model(inputs[:, 12:], first.state)
        loss = functional.cross_entropy(
            second.logits.float().flatten(0, 1), tokens()[:, 12:].flatten()
        )
        model.objective(loss, second.losses).backward()
    assert all(part.grad is None or bool(part.grad.isfinite().all()) for part in model.parameters())


@pytest.mark.parametrize("entry", LEARNERS)
def test_model_overfits_one_batch(entry: Entry) -> None:
    """A model with a few weights is exempt by its fact ``OVERFITS = False``."""
    model, inputs = build(entry, signature(entry)), tokens(2, 16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(100):
        output = model(as_inputs(entry, inputs[:, :-1]))
        loss = functional.cross_entropy(output.logits.flatten(0, 1), inputs[:, 1:].flatten())
        optimizer.zero_grad()
        model.objective(loss, output.losses).backward()
        optimizer.step()
    assert float(loss.detach()) < 0.3, "the loss of guessing is 2.4"


@pytest.mark.parametrize("entry", MODELS)
def test_pieces_equal_whole_sequence(entry: Entry) -> None:
    model = build(entry, signature(entry)).eval().double()
    length = 3 * max(model.segment, 40)
    if model.longest is not None:
        length = min(length, model.longest)
    inputs = tokens(2, length)
    cut = model.segment if model.streaming == "segment" else 13
    state: Any = None
    pieces = []
    with torch.no_grad():
        whole = model(as_inputs(entry, inputs))
        for piece in inputs.split(cut, dim=1):
            output = model(as_inputs(entry, piece), state)
            state = output.state
            pieces.append(output.logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole.logits, rtol=1e-7, atol=1e-7)
    assert state_bytes(state) == state_bytes(whole.state)


@pytest.mark.parametrize("entry", MODELS)
def test_copies_of_state_answer_alike_and_leave_it_unchanged(entry: Entry) -> None:
    model, inputs = build(entry, signature(entry)).eval(), tokens(3, 20)
    with torch.no_grad():
        state = model(as_inputs(entry, inputs)).state
        query = as_inputs(entry, tokens(3, 2, seed=1))
        straight = model(query, state).logits
        copies = map_state(lambda tensor: tensor.repeat_interleave(2, dim=0), state)
        copied = model(query.repeat_interleave(2, dim=0), copies).logits
        again = model(query, state).logits
    torch.testing.assert_close(copied[::2], straight)
    torch.testing.assert_close(copied[1::2], straight)
    torch.testing.assert_close(again, straight, rtol=0, atol=0)


@pytest.mark.parametrize("entry", MODELS)
def test_evaluation_does_not_depend_on_batch(entry: Entry) -> None:
    model, inputs = build(entry, signature(entry)).eval(), tokens(5)
    with torch.no_grad():
        together = model(as_inputs(entry, inputs)).logits
        alone = torch.cat([model(as_inputs(entry, row[None])).logits for row in inputs])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("entry", MODELS)
def test_training_twice_gives_same_parameters(entry: Entry) -> None:
    found = []
    for _ in range(2):
        model = build(entry, signature(entry), seed=5)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        drawn = torch.Generator().manual_seed(1)
        for step in range(3):
            output = model(as_inputs(entry, tokens(seed=step)), generator=drawn)
            loss = functional.cross_entropy(
                output.logits.flatten(0, 1), tokens(seed=step).flatten()
            )
            optimizer.zero_grad()
            model.objective(loss, output.losses).backward()
            optimizer.step()
        found.append([parameter.detach().clone() for parameter in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


COMPARED = (
    "memnet",
    "transformer",
    "lstm",
    "gru",
    "mamba",
    "delta-rule",
    "gated-delta-rule",
    "token-memory",
)


def test_models_of_a_suite_have_similar_size() -> None:
    sizes = {}
    for name in COMPARED:
        model = build(Registry("model").get(name), Signature(vocabulary=16, outputs=16, length=256))
        sizes[name] = sum(parameter.numel() for parameter in model.parameters())
    assert max(sizes.values()) < 1.4 * min(sizes.values()), sizes
    assert max(sizes.values()) <= 110_000, sizes
