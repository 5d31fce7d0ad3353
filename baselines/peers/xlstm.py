"""xLSTM: mLSTM blocks, whose cell is a matrix with exponential gates (Beck et al. 2024; xlstm).

The package gives the block: up-projection, a short causal convolution, and per head a cell C = f·C
+ i·v kᵀ, n = f·n + i·k, read as h = C q / max(|nᵀq|, 1), with log-gates shifted by a running
maximum m; then a skip, an output gate and the down-projection. Its chunkwise form of the cell runs
on any device and has the state as input and output; its layer does not return a state.

Changes to the package: the layer's parts are called one by one, since a state has to pass through
them; chunks have up to 64 steps; there are no sLSTM blocks, which are sequential, and whose fast
form needs CUDA; encoder and head are those of this project.

Legend: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``H`` heads, ``d`` width of
a head, ``D`` width, ``E`` inner width (twice D, up to a multiple of 4 H), ``taps`` of the
convolution.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from xlstm import mLSTMBlock, mLSTMBlockConfig, mLSTMLayer, mLSTMLayerConfig
from xlstm.blocks.mlstm.backends import chunkwise_simple
from xlstm.blocks.mlstm.cell import mLSTMCell

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

VERSION = 1
TITLE = "xLSTM"
REQUIRES = ("xlstm",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D.
        layers: Number of blocks.
        heads: H.
        taps: Taps of the convolution.
        chunk: Steps processed in parallel.
    """

    width: int = 80
    layers: int = 2
    heads: int = 4
    taps: int = 4
    chunk: int = 64

    def __post_init__(self) -> None:
        """Check the options."""
        if self.taps < 2:
            raise ValueError(
                f"taps = {self.taps} must be at least 2, since the package's convolution carries "
                "the last taps - 1 inputs"
            )
        check_positive(width=self.width, layers=self.layers, heads=self.heads, chunk=self.chunk)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """State of one block.

    Attributes:
        matrix: C.
        normalizer: n.
        maximum: m.
        tail: Last inputs of the convolution.
    """

    matrix: Float[Tensor, "B H d d"]
    normalizer: Float[Tensor, "B H d"]
    maximum: Float[Tensor, "B H"]
    tail: Float[Tensor, "B taps-1 E"]


@dataclass(frozen=True, slots=True, kw_only=True)
class XLSTMState:
    """State of each block."""

    blocks: tuple[CellState, ...]


class XLSTM(SequenceModel):
    """Encoder, mLSTM blocks, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        blocks = [mLSTMBlock(block_config(config, index)) for index in range(config.layers)]
        self.inner: int = blocks[0].xlstm.proj_up.out_features // 2
        self.blocks = nn.ModuleList(blocks)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> XLSTMState:
        """Return zeros."""
        zeros, config = next(self.parameters()).new_zeros, self.config
        heads, head = config.heads, self.inner // config.heads
        return XLSTMState(
            blocks=tuple(
                CellState(
                    matrix=zeros(batch, heads, head, head),
                    normalizer=zeros(batch, heads, head),
                    maximum=zeros(batch, heads),
                    tail=zeros(batch, config.taps - 1, self.inner),
                )
                for _ in self.blocks
            )
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: XLSTMState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        hidden, after = self.encoder(inputs), []
        for block, cell in zip(self.blocks, state.blocks, strict=True):
            hidden, cell = block_forward(block, hidden, cell, self.config.chunk)
            after.append(cell)
        return ModelOutput(
            logits=self.head(at_positions(hidden, positions)), state=XLSTMState(blocks=tuple(after))
        )


def block_config(config: Config, index: int) -> mLSTMBlockConfig:
    """Return the package's options of the block at ``index``."""
    layer = mLSTMLayerConfig(
        conv1d_kernel_size=config.taps,
        num_heads=config.heads,
        round_proj_up_to_multiple_of=4 * config.heads,
        embedding_dim=config.width,
        context_length=1,  # of a mask that the chunkwise form does not use
        _num_blocks=config.layers,
    )
    return mLSTMBlockConfig(mlstm=layer, _num_blocks=config.layers, _block_idx=index)


def block_forward(
    block: mLSTMBlock, hidden: Float[Tensor, "B T D"], state: CellState, chunk: int
) -> tuple[Float[Tensor, "B T D"], CellState]:
    """Call the parts of the package's block in the order of its own forward pass, with a state.

    Args:
        block: The block.
        hidden: Its input.
        state: State after the previous piece.
        chunk: Steps processed in parallel.

    Returns:
        The block's output, and the state after the last step.
    """
    layer: mLSTMLayer = block.xlstm
    inner, gate = layer.proj_up(block.xlstm_norm(hidden)).chunk(2, dim=-1)
    convolved, tail = layer.conv1d(inner, conv_state=state.tail, return_last_state=True)
    mixed = layer.conv_act_fn(convolved)
    q, k, v = layer.q_proj(mixed), layer.k_proj(mixed), layer.v_proj(inner)
    read, (matrix, normalizer, maximum) = cell_forward(layer.mlstm_cell, q, k, v, state, chunk)
    output = layer.proj_down((read + layer.learnable_skip * mixed) * layer.ogate_act_fn(gate))
    return hidden + output, CellState(
        matrix=matrix, normalizer=normalizer, maximum=maximum, tail=tail
    )


Cell = tuple[Float[Tensor, "B H d d"], Float[Tensor, "B H d"], Float[Tensor, "B H"]]


def cell_forward(
    cell: mLSTMCell,
    q: Float[Tensor, "B T E"],
    k: Float[Tensor, "B T E"],
    v: Float[Tensor, "B T E"],
    state: CellState,
    chunk: int,
) -> tuple[Float[Tensor, "B T E"], Cell]:
    """Read through an ``mLSTMCell`` in chunks; the last one may be shorter.

    See :func:`block_forward`.
    """
    gated = torch.cat([q, k, v], dim=-1)
    inputs = [
        part.unflatten(-1, (cell.config.num_heads, -1)).transpose(1, 2).contiguous()
        for part in (q, k, v)
    ]
    gates = [linear(gated).transpose(1, 2).contiguous() for linear in (cell.igate, cell.fgate)]
    short = q.shape[1] % chunk
    carried: Cell = (state.matrix, state.normalizer, state.maximum)
    outputs, start = [], 0
    for length, size in ((q.shape[1] - short, chunk), (short, short)):
        if not length:
            continue
        parts = [part.narrow(2, start, length).contiguous() for part in (*inputs, *gates)]
        output, (matrix, normalizer, maximum) = chunkwise_simple(
            *parts, *carried, chunk_size=size, return_last_state=True
        )
        carried = (matrix, normalizer, maximum.flatten(1))
        outputs.append(output)
        start += length
    normed = cell.outnorm(torch.cat(outputs, dim=2))
    return normed.transpose(1, 2).flatten(2), carried


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return XLSTM(config, signature)
