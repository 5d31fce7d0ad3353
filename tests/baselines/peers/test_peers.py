"""The adapters of public packages, against the packages' own results.

`make peers` installs the packages and runs this.
"""

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch.nn import functional

from baselines.interface import Signature, map_state, state_bytes
from baselines.registry import Entry, Registry

PEERS = [entry for entry in Registry("model") if entry.module.startswith("baselines.peers.")]
TOKENS = Signature(vocabulary=16, outputs=16, length=256)

MISSING = sorted({name for entry in PEERS for name in entry.missing})
if MISSING:
    pytest.skip(
        f"not installed: {', '.join(MISSING)}; make peers installs them and runs these tests",
        allow_module_level=True,
    )


def peers(*names: str) -> list[Any]:
    """Entries with one of the ``names``, or all of them, as parameters."""
    return [
        pytest.param(entry, id=entry.name) for entry in PEERS if not names or entry.name in names
    ]


def made(entry: Entry, **options: Any) -> Any:
    module = entry.load()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return module.build(module.Config(**options), TOKENS)


def build(entry: Entry, **options: Any) -> Any:
    return made(entry, **options).eval().double()


def tokens(batch: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(16, (batch, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("entry", peers())
def test_parameter_counts_are_comparable(entry: Entry) -> None:
    assert 60_000 <= sum(parameter.numel() for parameter in build(entry).parameters()) <= 110_000


@pytest.mark.parametrize("entry", peers())
def test_every_parameter_has_a_gradient(entry: Entry) -> None:
    model, inputs = build(entry), tokens(4, 132)
    functional.cross_entropy(
        model(inputs[:, :-1]).logits.flatten(0, 1), inputs[:, 1:].flatten()
    ).backward()
    assert [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ] == []


@pytest.mark.parametrize("entry", peers())
def test_state_size_is_constant_and_includes_unfinished_segment(entry: Entry) -> None:
    model = build(entry)
    with torch.no_grad():
        finished = model(tokens(1, 256)).state
        unfinished = model(tokens(1, 63), finished).state
        assert (
            state_bytes(finished)
            == state_bytes(unfinished)
            == state_bytes(model(tokens(1, 513)).state)
        )


@pytest.mark.parametrize("entry", peers())
def test_pieces_of_any_length_equal_whole_sequence(entry: Entry) -> None:
    model, inputs = build(entry), tokens(2, 330)
    lengths = (1, 62, 1, 1, 64, 128, 3, 65, 5)
    state, pieces = None, []
    with torch.no_grad():
        for piece in inputs.split(lengths, dim=1):
            output = model(piece, state)
            state = output.state
            pieces.append(output.logits)
        torch.testing.assert_close(
            torch.cat(pieces, dim=1), model(inputs).logits, rtol=1e-7, atol=1e-7
        )


@pytest.mark.parametrize("entry", peers())
def test_distant_inputs_are_carried(entry: Entry) -> None:
    """Streams that differ only in their first half have different outputs later.

    The last inputs are the same.
    """
    model = build(entry)
    before, question = tokens(2, 128), tokens(1, 1, seed=1).expand(2, -1)
    with torch.no_grad():
        logits = model(question, model(before).state).logits
    assert float((logits[0] - logits[1]).abs().max()) > 1e-6


@pytest.mark.parametrize("entry", peers())
def test_whole_model_moves_to_device(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors of the device *meta* have no values.

    Joining them with tensors of another device is an error.
    """
    model, inputs = made(entry).to("meta"), tokens(2, 66).to("meta")
    if entry.name == "x-transformer":
        monkeypatch.setattr(
            "x_transformers.x_transformers.autocast", lambda *_, **__: nullcontext()
        )  # it has no device of that name
    output = model(inputs, model.initial_state(2))
    assert output.logits.is_meta
    devices: set[str] = set()
    map_state(lambda tensor: devices.add(tensor.device.type) or tensor, output.state)
    assert devices == {"meta"}


@pytest.mark.parametrize("entry", peers("dnc"))
def test_dnc_equals_package_called_step_by_step(entry: Entry) -> None:
    """Called step by step, the package gives its controller the last read vectors."""
    model, inputs = build(entry, cells=6, cell=5, reads=2), tokens(2, 12)
    layer = model.initial_state(2)
    hx: Any = ([(layer.hidden.unsqueeze(0), layer.cell.unsqueeze(0))], None, layer.read)
    memory = model.computer.memories[0].reset(2)
    hx = (hx[0], {name: value.double() for name, value in memory.items()}, hx[2])
    steps = []
    with torch.no_grad():
        for step in model.encoder(inputs).split(1, dim=1):
            output, hx = model.computer(step, hx)
            steps.append(output)
        output = model(inputs)
        torch.testing.assert_close(output.logits, model.head(torch.cat(steps, dim=1)))
        torch.testing.assert_close(output.state.links, hx[1]["link_matrix"])
        torch.testing.assert_close(output.state.read, hx[2])
    assert float(output.state.links.abs().sum()) > 0


@pytest.mark.parametrize("entry", peers("xlstm"))
def test_xlstm_blocks_equal_package(entry: Entry) -> None:
    """The package has a parallel form without initial state, and a recurrent one with a state."""
    model, drawn = build(entry, width=32, heads=2, chunk=8), torch.Generator().manual_seed(0)
    hidden, following = torch.randn(2, 22, 32, dtype=torch.float64, generator=drawn).split(
        [21, 1], dim=1
    )
    block, module = model.blocks[0], entry.load()
    with torch.no_grad():
        cell = block.xlstm.mlstm_cell
        cell.causal_mask = torch.ones(
            21, 21, dtype=torch.bool
        ).tril()  # needed by the parallel form, not by the chunkwise one
        torch.nn.init.normal_(cell.igate.weight)
        torch.nn.init.normal_(cell.fgate.weight)
        found, state = module.block_forward(block, hidden, model.initial_state(2).blocks[0], 8)
        torch.testing.assert_close(
            found, block(hidden), rtol=1e-5, atol=1e-5
        )  # the package's eps depends on the stabiliser
        carried: dict[str, Any] = {}
        for step in range(21):
            _, carried = block.step(hidden[:, step : step + 1], **carried)
        expected, _ = block.step(following, **carried)
        found, _ = module.block_forward(block, following, state, 8)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("entry", peers("rmt"))
def test_rmt_equals_package(entry: Entry) -> None:
    from recurrent_memory_transformer_pytorch import RecurrentMemoryTransformerWrapper

    model, inputs = build(entry, width=32, heads=2, tokens=3, span=8), tokens(2, 30)
    with torch.no_grad():
        expected = model(inputs).logits
        embedding = torch.nn.Embedding.from_pretrained(model.encoder.embedding.weight * 32**0.5)
        model.transformer.token_emb = embedding
        found, _ = RecurrentMemoryTransformerWrapper(model.transformer)(inputs)
        torch.testing.assert_close(model.head(found), expected)


@pytest.mark.parametrize("entry", peers("titans"))
def test_titans_equals_package(entry: Entry) -> None:
    """The package reads the whole sequence without a state.

    Ours carries a state over the end of each span.
    """
    model, inputs = build(entry, width=32, chunk=4, span=8), tokens(2, 30)
    (block,) = model.blocks
    with torch.no_grad():
        hidden = model.encoder(inputs)
        mixed = block.convolution(functional.pad(hidden.transpose(1, 2), (3, 0))).transpose(1, 2)
        found, _ = block.memory(mixed)
        expected = hidden + found
        pieces, state = [], None
        for piece in inputs.split(8, dim=1):
            output = model(piece, state)
            state = output.state
            pieces.append(output.logits)
        torch.testing.assert_close(
            torch.cat(pieces, dim=1), model.head(expected + block.mlp(expected))
        )
    assert not torch.equal(
        state.memory[0].weights["model.weights.0"],
        model.initial_memory(2)[0].weights["model.weights.0"],
    )


@pytest.mark.parametrize("entry", peers("titans"))
def test_titans_heads_have_separate_weights(entry: Entry) -> None:
    weights = [
        parameter
        for name, parameter in made(entry).named_parameters()
        if "memory_model_parameters" in name
    ]
    assert weights
    for weight in weights:
        before = weight[1].clone()
        with torch.no_grad():
            weight[0].add_(1.0)
        assert torch.equal(weight[1], before)


@pytest.mark.parametrize("entry", peers("x-transformer"))
def test_unlimited_memory_equals_full_attention(entry: Entry) -> None:
    model, inputs = build(entry, span=8, memory=64), tokens(2, 30)
    with torch.no_grad():
        torch.testing.assert_close(
            model(inputs).logits, model.head(model.decoder(model.encoder(inputs)))
        )
        assert build(entry, span=8, memory=5)(inputs).state.memory.hidden.shape == (2, 2, 5, 64)


@pytest.mark.parametrize("entry", peers("rmt", "titans", "x-transformer"))
def test_gradients_cross_segments_except_in_transformer_xl(
    entry: Entry,
) -> None:
    model = build(entry, span=16)
    hidden = torch.randn(1, 32, model.encoder.width, dtype=torch.float64, requires_grad=True)
    output, _ = model.read(hidden, model.initial_memory(1))
    output[:, -1].sum().backward()
    earlier = hidden.grad[:, :8]  # further back than the convolution of Titans reaches
    assert bool(earlier.any()) == (entry.name != "x-transformer")


@pytest.mark.parametrize("entry", peers("rmt", "titans", "x-transformer"))
def test_copies_of_state_within_a_segment_leave_stream_unchanged(entry: Entry) -> None:
    model, inputs = build(entry, span=16), tokens(2, 40)
    with torch.no_grad():
        state = model(inputs[:, :23]).state
        copies = map_state(lambda tensor: tensor.repeat_interleave(3, dim=0), state)
        model(tokens(6, 30, seed=1), copies)
        torch.testing.assert_close(
            model(inputs[:, 23:], state).logits, model(inputs).logits[:, 23:]
        )


@pytest.mark.parametrize(
    ("entry", "options", "message"),
    [
        pytest.param(*parameter.values, options, message, id=f"{name}-{key}")
        for name, key, options, message in (
            ("titans", "span", {"span": 40, "chunk": 16}, "multiple of chunk = 16"),
            ("titans", "heads", {"width": 33}, "multiple of heads = 2"),
            ("rmt", "heads", {"width": 33}, "multiple of heads = 4"),
            ("rmt", "span", {"span": 0}, "span = 0 must be at least 1"),
            ("rmt", "tokens", {"tokens": 0}, "tokens = 0"),
            ("x-transformer", "memory", {"memory": 0}, "memory = 0"),
            ("xlstm", "taps", {"taps": 1}, "taps = 1"),
            ("xlstm", "chunk", {"chunk": 0}, "chunk = 0"),
        )
        for parameter in peers(name)
    ],
)
def test_invalid_options_are_an_error(entry: Entry, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(entry, **options)
