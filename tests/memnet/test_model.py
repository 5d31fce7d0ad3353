"""MemNet as a whole: streaming, chunks, gradients, invariants."""

import dataclasses
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memnet.chunk_access import Read
from memnet.config import MemNetConfig
from memnet.model import MemNet
from memnet.output import ModelOutput
from memnet.recorder import Recorder
from tests.memnet.active_model import VOCABULARY, active_model, run_with_chunks, task_loss, tokens


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def partly_open(model: MemNet, bias: float = -2.0, spread: float = 0.2) -> MemNet:
    """Bound the gates below 1.

    Slots with the same key and strength, as in an associating head, would tie for the k-th place.
    """
    gate = model.bank.write_heads.gate
    with torch.no_grad():
        gate.weight.mul_(spread)
        gate.bias.fill_(bias)
    return model


def learned(model: MemNet, inputs: Tensor) -> tuple[ModelOutput, dict[str, Tensor]]:
    """Read; return also the gradient of the task loss for each parameter."""
    output, (names, parameters) = (
        model(inputs, generator=generator()),
        zip(*model.named_parameters(), strict=True),
    )
    slopes = torch.autograd.grad(
        task_loss(output, inputs), parameters, allow_unused=True, materialize_grads=True
    )
    return output, dict(zip(names, slopes, strict=True))


def same(one: ModelOutput, other: ModelOutput) -> None:
    torch.testing.assert_close(one.logits, other.logits, rtol=1e-9, atol=1e-9)
    for field in dataclasses.fields(one.state.slots):
        pair = (getattr(output.state.slots, field.name) for output in (one, other))
        torch.testing.assert_close(*pair, rtol=1e-9, atol=1e-9, msg=field.name)


@settings(deadline=None, max_examples=24)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(9, 39),
    chunk=st.integers(2, 40),
    options=st.fixed_dictionaries(
        {
            "heads": st.sampled_from([1, 2, 4]),
            "hops": st.integers(1, 3),
            "sharpening": st.sampled_from([1.0, 2.0]),
            "link_decay": st.sampled_from([0.0, 0.1]),
            "dreaming": st.booleans(),
            "dream_every": st.sampled_from([5, 12, 31]),
        }
    ),
    gradients=st.booleans(),
)
def test_chunk_size_is_a_speed_setting(
    seed: int, length: int, chunk: int, options: dict[str, Any], gradients: bool
) -> None:
    inputs = tokens(batch=2, length=length, seed=seed)
    # In training a closed gate learns only from the reads of its own chunk, so gradients are
    # compared in evaluation.
    by_token, by_chunk = (
        partly_open(active_model(seed, chunk=size, **options)).train(not gradients)
        for size in (1, chunk)
    )
    if gradients:
        (one, of_one), (other, of_other) = learned(by_token, inputs), learned(by_chunk, inputs)
        torch.testing.assert_close(of_other, of_one, rtol=1e-8, atol=1e-9)
    else:
        with torch.no_grad():
            one, other = (
                by_token(inputs, generator=generator()),
                by_chunk(inputs, generator=generator()),
            )
    same(other, one)


@pytest.mark.parametrize("dreaming", [False, True])
@pytest.mark.parametrize("chunk", [5, 32])
def test_gradients_in_training_do_not_depend_on_chunk_if_all_gates_are_open(
    chunk: int, dreaming: bool
) -> None:
    inputs, slopes = tokens(), []
    for size in (1, chunk):
        model = partly_open(
            active_model(chunk=size, dreaming=dreaming, link_decay=0.1, hops=3),
            bias=1.0,
            spread=0.05,
        )
        output, slope = learned(model, inputs)
        assert (output.state.slots.count == 32).all()
        slopes.append(slope)
    torch.testing.assert_close(slopes[1], slopes[0], rtol=1e-8, atol=1e-9)


def test_chunk_test_covers_eviction_and_reuse() -> None:
    recorder = Recorder()
    with torch.no_grad():
        partly_open(active_model())(tokens(length=36), record=recorder)
    statistics = recorder.statistics()
    assert 0.1 < (statistics["write_rate"] or 0) < 0.9
    assert 0.1 < (statistics["reuse"] or 0) < 0.95


@settings(deadline=None, max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(1, 31), unique=True, max_size=5).map(sorted),
)
def test_pieces_equal_whole_sequence(seed: int, cuts: list[int]) -> None:
    model, inputs = active_model(seed), tokens(seed=seed)
    with torch.no_grad():
        whole = model(inputs)
        state, pieces = None, []
        for start, stop in zip([0, *cuts], [*cuts, 32], strict=True):
            output = model(inputs[:, start:stop], state)
            state = output.state
            pieces.append(output.logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole.logits, rtol=1e-9, atol=1e-9)


def test_pieces_of_whole_chunks_equal_whole_sequence_with_eviction() -> None:
    model, inputs = active_model(slots=3, dream_every=16), tokens(length=48)
    recorder = Recorder()
    with torch.no_grad():
        whole = model(inputs, record=recorder)
        first = model(inputs[:, :16])
        second = model(inputs[:, 16:], first.state)
    assert recorder.ended, "nothing was evicted"
    torch.testing.assert_close(
        torch.cat([first.logits, second.logits], dim=1), whole.logits, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("dreaming", [True, False])
def test_tokens_that_do_not_write_are_read_in_longer_chunks(dreaming: bool) -> None:
    """A recorder switches this off. Token 1 writes; it is at 3, 50 and 51, and 200."""
    model = active_model(dreaming=dreaming, slots=3).eval()
    gate = model.bank.write_heads.gate
    encoded = model.encoder(torch.arange(VOCABULARY).unsqueeze(0))[0]
    with torch.no_grad():
        model.controller.out.weight.zero_()
        model.controller.mlp[2].weight.zero_()
        model.controller.mlp[2].bias.zero_()
        model.bank.write_heads.gate_clock.mul_(0.1)
        gate.weight.copy_((torch.linalg.pinv(encoded)[:, 1] * 60.0).expand_as(gate.weight))
        gate.bias.fill_(-30.0)
    inputs = tokens(batch=2, length=300)
    inputs[inputs == 1] = 2
    inputs[:, [3, 50, 51, 200]] = 1
    with torch.no_grad():
        slow = model(inputs, record=Recorder())
        fast, chunks = run_with_chunks(model, inputs)
    sizes = [chunk.read.vectors.shape[1] for chunk in chunks]
    assert sum(sizes) == 300
    assert max(sizes) > 100
    assert len(chunks) < len(model._chunks(0, 300)) / 2
    assert sum(int(chunk.written.placement.active.sum()) for chunk in chunks) == 4 * 2 * 2
    torch.testing.assert_close(fast.logits, slow.logits, rtol=1e-9, atol=1e-9)
    for name in ("keys", "values", "strength", "usage", "written", "count", "links"):
        found, expected = (getattr(one.state.slots, name) for one in (fast, slow))
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9, msg=name)


def test_sequences_of_a_batch_are_independent() -> None:
    model, inputs = active_model().eval(), tokens(batch=4)
    with torch.no_grad():
        together = model(inputs).logits
        alone = torch.cat([model(row.unsqueeze(0)).logits for row in inputs])
        turned = model(inputs.flip(0)).logits.flip(0)
    torch.testing.assert_close(alone, together, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(turned, together, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", [0, 6, 9])
def test_outputs_do_not_depend_on_later_tokens(seed: int) -> None:
    model, inputs = active_model(seed), tokens(seed=seed)
    changed = inputs.clone()
    changed[:, 20] = (changed[:, 20] + 1) % VOCABULARY
    with torch.no_grad():
        one, other = model(inputs).logits, model(changed).logits
    # A token may need a new slot, so the shapes of its chunk differ, and so does the order of
    # summation.
    torch.testing.assert_close(one[:, :20], other[:, :20], rtol=0, atol=1e-13)
    assert not torch.equal(one[:, 20:], other[:, 20:])


def test_positions_select_outputs() -> None:
    model, inputs = active_model(), tokens()
    positions = torch.tensor([[3, 31], [0, 7], [30, 2]])
    with torch.no_grad():
        all_, some = model(inputs).logits, model(inputs, positions=positions).logits
    torch.testing.assert_close(
        some, torch.stack([all_[row, places] for row, places in enumerate(positions)])
    )


def test_closed_gate_writes_nothing_but_has_a_gradient() -> None:
    model, inputs = active_model(slots=8, dreaming=False), tokens()
    with torch.no_grad():
        model.bank.write_heads.gate.weight.zero_()
        model.bank.write_heads.gate_clock.zero_()
        model.bank.write_heads.gate.bias.fill_(-6.0)
    output = model(inputs)
    slots = output.state.slots
    assert not slots.occupied.any()
    assert not slots.adjacency.any()
    assert not slots.count.any()
    output.logits.square().mean().backward()
    assert model.bank.write_heads.gate.bias.grad is not None
    assert model.bank.write_heads.gate.bias.grad.abs().max() > 0


@pytest.mark.parametrize("link_rate", [0.5, 0.0])  # without a rate, no row has a link
def test_reads_are_distributions_and_links_are_valid(link_rate: float) -> None:
    model = active_model(slots=6, link_rate=link_rate)
    reads: list[Read] = []
    read = model.bank.read

    def watch(*arguments: object) -> Read:
        reads.append(read(*arguments))
        return reads[-1]

    model.bank.read = watch
    graphs, state = [], None
    with torch.no_grad():
        for step in tokens(length=64).split(1, dim=1):
            state = model(step, state, generator=generator()).state
            graphs.append(state.slots.adjacency)
    assert len(reads) == 64
    for item in reads:
        total = item.weights.sum(-1)
        expected = (item.visible.sum(-1) > 0).double()
        torch.testing.assert_close(total, expected, rtol=1e-9, atol=1e-9)
        assert (item.weights >= 0).all()
        assert not (item.weights * (1.0 - item.visible)).any()
    for graph in graphs:
        assert (graph >= 0).all()
        assert not graph.diagonal(dim1=-2, dim2=-1).any()
    assert bool(graphs[-1].any()) == (link_rate > 0)


def test_model_accepts_features() -> None:
    torch.manual_seed(0)
    model = MemNet(
        MemNetConfig(width=16, bottleneck=8, key_width=4, slots=4), features=5, outputs=3
    )
    samples = torch.randn(6, 8, 5)
    with torch.no_grad():
        assert model(samples).logits.shape == (6, 8, 3)
        assert model.features(samples).shape == (6, model.width)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slots": 0}, "slots = 0"),
        ({"width": 30, "controller_heads": 4}, "multiple"),
        ({"reuse": 1.5}, r"\[0, 1\]"),
        ({"dream_every": 0}, "dream"),
        ({"link_total": 0.0}, "link_total = 0.0 must be above 0"),
        ({"link_rate": -0.5}, "link_rate = -0.5 must not be negative"),
        ({"dream_links": -1}, "dream_links = -1 must not be negative"),
    ],
)
def test_invalid_options_are_an_error(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MemNetConfig(**options)


def test_slot_holds_value_scaled_by_gate() -> None:
    model, inputs = active_model(heads=1, dreaming=False), tokens(batch=20, length=1)
    with torch.no_grad():
        slots = model(inputs).state.slots
        assert model.encoder.embedding is not None
        hidden, _ = model.controller(model.encoder(inputs), model.initial_state(20).window, 0)
        offered = model.bank.write_heads.value(model.bottleneck(hidden))
    first = slots.occupied[:, 0, 0]
    assert first.any()
    assert not first.all()
    torch.testing.assert_close(
        slots.values[first, 0, 0], slots.strength[first, 0, :1] * offered[first, 0]
    )


def test_gate_depends_on_occupancy() -> None:
    model = active_model(heads=1, slots=10, reuse=1.0, dreaming=False)
    heads = model.bank.write_heads
    with torch.no_grad():
        for parameter in (heads.gate.weight, heads.gate_clock):
            parameter.zero_()
        heads.gate.bias.fill_(3.0)
        heads.gate_occupancy.fill_(-12.0)  # open at 0, closed (a < -2.4) from half full on
        slots = model(tokens(length=30)).state.slots
    assert slots.occupied.sum(-1).flatten().tolist() == [5, 5, 5]


def test_window_before_first_token_is_masked() -> None:
    model, inputs = active_model(), tokens()
    empty = model.initial_state(3)
    littered = dataclasses.replace(empty, window=torch.randn_like(empty.window))
    with torch.no_grad():
        torch.testing.assert_close(
            model(inputs, littered).logits, model(inputs, empty).logits, rtol=0, atol=0
        )


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
def test_half_precision_leaves_memory_exact() -> None:
    model, inputs = active_model().float(), tokens()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(inputs)
    assert output.logits.dtype == torch.bfloat16
    state = output.state
    assert {
        part.dtype
        for part in (state.slots.keys, state.slots.adjacency, state.slots.count, state.tape.place)
    } == {torch.float32}
    model.objective(output.logits.float().mean(), output.losses).backward()


def test_sparsity_loss_holds_gates_of_read_entries_open() -> None:
    model = active_model(dreaming=False, serial=False, chunk=32, fade=1.0)
    inputs = tokens(length=32)
    positions = torch.tensor([[20], [31], [9]])
    output, (found,) = run_with_chunks(model, inputs, positions=positions)
    sparsity = output.losses["sparsity"]
    pressed = (
        torch.nn.functional.softplus(found.written.logits.clamp_min(-3.0)).mean()
        + 0.1 * found.read.dispersion.mean()
    )
    weights, strength = found.read.weights.detach(), found.written.strength.detach()
    held = sum(
        -float(weights[row, head, place, entry])
        * math.log(min(1.0, float(strength[row, head, entry]) + 0.05))
        for row, place in enumerate(positions.flatten().tolist())
        for head in range(2)
        for entry in range(strength.shape[-1])
    )
    assert held > 0
    assert float((sparsity - pressed).detach()) == pytest.approx(held / (3 * 2 * 32), rel=1e-9)

    (pull,) = torch.autograd.grad(sparsity - pressed, found.written.logits)
    assert (pull <= 1e-15).all(), "it opens gates, and closes none"
    read = weights[torch.arange(3), :, positions.flatten(), -32:] > 0
    assert ((pull < -1e-15) <= read).all(), "no gradient for entries that no answer reads"
    assert (pull < -1e-15).any()


@pytest.mark.parametrize("chunk", [4, 11])
def test_penalty_on_writing_does_not_depend_on_chunk(chunk: int) -> None:
    inputs, positions = tokens(length=32), torch.tensor([[20], [31], [9]])
    one, other = (
        active_model(dreaming=False, chunk=size)(inputs, positions=positions).losses["sparsity"]
        for size in (32, chunk)
    )
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
