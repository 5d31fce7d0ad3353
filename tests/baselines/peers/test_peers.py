"""The adapters around public packages, held against the packages' own ways.

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
    """Those called ``names``, or all of them, as parameters."""
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
def test_sizes_are_those_of_the_suites(entry: Entry) -> None:
    assert 60_000 <= sum(parameter.numel() for parameter in build(entry).parameters()) <= 110_000


@pytest.mark.parametrize("entry", peers())
def test_no_parameter_is_idle(entry: Entry) -> None:
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
def test_a_state_stays_of_one_size_and_counts_what_is_unfinished(entry: Entry) -> None:
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
def test_pieces_of_any_length_give_the_same_over_many_segments(entry: Entry) -> None:
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
def test_what_is_far_back_is_carried(entry: Entry) -> None:
    """Two streams that differ in their first half, fed the same after it, answer differently at the first question."""
    model = build(entry)
    before, question = tokens(2, 128), tokens(1, 1, seed=1).expand(2, -1)
    with torch.no_grad():
        logits = model(question, model(before).state).logits
    assert float((logits[0] - logits[1]).abs().max()) > 1e-6


@pytest.mark.parametrize("entry", peers())
def test_all_of_a_model_follows_it_to_its_device(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tensors of the device *meta* have no numbers, and refuse to be joined with those of another."""
    model, inputs = made(entry).to("meta"), tokens(2, 66).to("meta")
    if entry.name == "x-transformer":
        monkeypatch.setattr(
            "x_transformers.x_transformers.autocast", lambda *_, **__: nullcontext()
        )  # it knows no device of that name
    output = model(inputs, model.initial_state(2))
    assert output.logits.is_meta
    devices: set[str] = set()
    map_state(lambda tensor: devices.add(tensor.device.type) or tensor, output.state)
    assert devices == {"meta"}


@pytest.mark.parametrize("entry", peers("dnc"))
def test_dnc_reads_as_the_package_called_step_by_step(entry: Entry) -> None:
    """Called for one step, the package shows its controller what was read at the call before."""
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
def test_xlstm_blocks_give_what_the_package_gives(entry: Entry) -> None:
    """The package has a parallel form, which starts from nothing, and a recurrent one, which goes on."""
    model, drawn = build(entry, width=32, heads=2, chunk=8), torch.Generator().manual_seed(0)
    hidden, following = torch.randn(2, 22, 32, dtype=torch.float64, generator=drawn).split(
        [21, 1], dim=1
    )
    block, module = model.blocks[0], entry.load()
    with torch.no_grad():
        cell = block.xlstm.mlstm_cell
        cell.causal_mask = torch.ones(
            21, 21, dtype=torch.bool
        ).tril()  # what the parallel form needs, and the chunkwise one does not
        torch.nn.init.normal_(cell.igate.weight)
        torch.nn.init.normal_(cell.fgate.weight)
        found, state = module.block_forward(block, hidden, model.initial_state(2).blocks[0], 8)
        torch.testing.assert_close(
            found, block(hidden), rtol=1e-5, atol=1e-5
        )  # the package's eps moves with the stabiliser
        carried: dict[str, Any] = {}
        for step in range(21):
            _, carried = block.step(hidden[:, step : step + 1], **carried)
        expected, _ = block.step(following, **carried)
        found, _ = module.block_forward(block, following, state, 8)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("entry", peers("rmt"))
def test_rmt_reads_segments_as_the_package_does(entry: Entry) -> None:
    from recurrent_memory_transformer_pytorch import RecurrentMemoryTransformerWrapper

    model, inputs = build(entry, width=32, heads=2, tokens=3, span=8), tokens(2, 30)
    with torch.no_grad():
        expected = model(inputs).logits
        embedding = torch.nn.Embedding.from_pretrained(model.encoder.embedding.weight * 32**0.5)
        model.transformer.token_emb = embedding
        found, _ = RecurrentMemoryTransformerWrapper(model.transformer)(inputs)
        torch.testing.assert_close(model.head(found), expected)


@pytest.mark.parametrize("entry", peers("titans"))
def test_a_titans_memory_reads_as_the_package_alone(entry: Entry) -> None:
    """The package is given the whole sequence and no state.

    Ours goes through its state at the end of each span.
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
def test_heads_of_a_titans_memory_learn_apart(entry: Entry) -> None:
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
def test_memory_of_all_that_was_reads_as_attention_over_all(entry: Entry) -> None:
    model, inputs = build(entry, span=8, memory=64), tokens(2, 30)
    with torch.no_grad():
        torch.testing.assert_close(
            model(inputs).logits, model.head(model.decoder(model.encoder(inputs)))
        )
        assert build(entry, span=8, memory=5)(inputs).state.memory.hidden.shape == (2, 2, 5, 64)


@pytest.mark.parametrize("entry", peers("rmt", "titans", "x-transformer"))
def test_gradients_pass_from_segment_to_segment_but_not_into_the_memory_of_a_transformer_xl(
    entry: Entry,
) -> None:
    model = build(entry, span=16)
    hidden = torch.randn(1, 32, model.encoder.width, dtype=torch.float64, requires_grad=True)
    output, _ = model.read(hidden, model.initial_memory(1))
    output[:, -1].sum().backward()
    earlier = hidden.grad[:, :8]  # further back than the convolution of Titans reaches
    assert bool(earlier.any()) == (entry.name != "x-transformer")


@pytest.mark.parametrize("entry", peers("rmt", "titans", "x-transformer"))
def test_a_fork_amid_a_segment_costs_the_stream_nothing(entry: Entry) -> None:
    model, inputs = build(entry, span=16), tokens(2, 40)
    with torch.no_grad():
        state = model(inputs[:, :23]).state
        forks = map_state(lambda tensor: tensor.repeat_interleave(3, dim=0), state)
        model(tokens(6, 30, seed=1), forks)
        torch.testing.assert_close(
            model(inputs[:, 23:], state).logits, model(inputs).logits[:, 23:]
        )


@pytest.mark.parametrize(
    ("entry", "options", "says"),
    [
        pytest.param(*parameter.values, options, says, id=f"{name}-{key}")
        for name, key, options, says in (
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
def test_options_that_cannot_work_are_refused(
    entry: Entry, options: dict[str, int], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        build(entry, **options)
