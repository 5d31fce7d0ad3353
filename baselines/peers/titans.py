"""Titans: a neural memory trained at test time by gradient steps (Behrouz et al. 2025).

The package gives ``NeuralMemory``: a small network M whose weights are the memory. With keys k,
values v and queries q of the input, a surprise S = ηS − θ∇|M(k) − v|² and M = (1 − α)M + S
(equations 8 to 14 of the paper), where η, θ and α depend on the input; a read is M(q). Gradients
are taken at the weights after the last span, the paper's mini-batch, and a step reads the weights
after the last chunk.

Changes to the package: a memory is preceded by a short causal convolution, which the paper has
(section 4.4) and the package omits: keys and values of a single step cannot bind a cue to its
successor. Queries and keys are normalised, and the norm of a gradient is bounded, both options of
the package: without the bound the memory did not learn to recall pairs. A pre-norm residual MLP
follows a memory; M has one hidden layer of twice its width. Encoder and head are those of this
project. A sequence shorter than a chunk is read, but never written.

Legend: ``B`` batch, ``T`` time, ``H`` heads, ``D`` width, ``taps`` of the convolution.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from tensordict import TensorDict
from titans_pytorch import MemoryMLP, NeuralMemory
from titans_pytorch.neural_memory import NeuralMemState
from torch import Tensor, nn

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.peers._segments import SegmentModel

VERSION = 1
TITLE = "Titans"
REQUIRES = ("titans-pytorch",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D.
        layers: Memories, each followed by an MLP.
        heads: Heads of a memory, each a separate network.
        expansion: Hidden width of such a network, as a multiple of the head's width.
        chunk: Steps that share forgetting, momentum and the weights that are read.
        span: Steps whose gradients are taken at the same weights; a multiple of ``chunk``.
        taps: Taps of the convolution, including the present step.
        rate: Largest step size θ.
        clip: Soft bound on the norm of a weight matrix's gradient at a chunk.
    """

    width: int = 72
    layers: int = 1
    heads: int = 2
    expansion: float = 2.0
    chunk: int = 16
    span: int = 64
    taps: int = 4
    rate: float = 1.0
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            chunk=self.chunk,
            span=self.span,
            taps=self.taps,
        )
        if self.span % self.chunk:
            raise ValueError(f"span = {self.span} must be a multiple of chunk = {self.chunk}")
        if self.width % self.heads:
            raise ValueError(f"width = {self.width} must be a multiple of heads = {self.heads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TitansMemory:
    """State of one layer at the end of a span.

    Attributes:
        weights: Weights of the memory network, by name.
        momentum: Surprise so far S, by name.
        tail: Last inputs of the convolution.
    """

    weights: dict[str, Float[Tensor, "B H *shape"]]
    momentum: dict[str, Float[Tensor, "B H *shape"]]
    tail: Float[Tensor, "B taps-1 D"]


class MemoryBlock(nn.Module):
    """Convolution, memory, MLP."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.convolution = nn.Conv1d(width, width, config.taps, groups=width)
        self.memory = NeuralMemory(
            dim=width,
            dim_head=width // config.heads,
            heads=config.heads,
            chunk_size=config.chunk,
            batch_size=config.span,
            model=MemoryMLP(width // config.heads, depth=2, expansion_factor=config.expansion),
            default_step_transform_max_lr=config.rate,
            qk_rmsnorm=True,
            max_grad_norm=config.clip,
        )
        untangle(self.memory)
        self.mlp = nn.Sequential(
            nn.RMSNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def initial_memory(self, batch: int) -> TitansMemory:
        """Return the learned first weights, zero surprise, and zeros before the first step."""
        weights = self.memory.init_weights(batch)
        momentum = self.memory.init_momentum(batch)
        tail = self.convolution.weight.new_zeros(
            batch, self.convolution.kernel_size[0] - 1, self.convolution.in_channels
        )
        return TitansMemory(
            weights={name: self._apart(value) for name, value in weights.items()},
            momentum={name: self._apart(value.squeeze(0)) for name, value in momentum.items()},
            tail=tail,
        )

    def forward(
        self, hidden: Float[Tensor, "B T D"], memory_state: TitansMemory
    ) -> tuple[Float[Tensor, "B T D"], TitansMemory]:
        """Read from the start of a span."""
        padded = torch.cat([memory_state.tail, hidden], dim=1)
        mixed = self.convolution(padded.transpose(1, 2)).transpose(1, 2)
        weights = TensorDict(
            {name: value.flatten(0, 1) for name, value in memory_state.weights.items()}
        )
        momentum = TensorDict(
            {
                name: value.flatten(0, 1).unsqueeze(0)
                for name, value in memory_state.momentum.items()
            }
        )
        before = NeuralMemState(0, weights, None, (weights, momentum), None)
        found, after = self.memory(mixed, state=before)
        hidden = hidden + found
        weights, momentum = after.states
        return hidden + self.mlp(hidden), TitansMemory(
            weights={name: self._apart(value) for name, value in weights.items()},
            momentum={name: self._apart(value.squeeze(0)) for name, value in momentum.items()},
            tail=padded[:, padded.shape[1] - memory_state.tail.shape[1] :],
        )

    def _apart(self, value: Tensor) -> Tensor:
        """Separate the batch from the heads."""
        apart: Tensor = value.unflatten(0, (-1, self.heads))
        return apart


def untangle(memory: NeuralMemory) -> None:
    """Give each head its own first weights, and remove the unused copy.

    The package makes the heads' weights views of the same numbers, which an optimiser cannot write
    to, and also holds the network's own weights, which would count as parameters.
    """
    for parameter in memory.memory_model_parameters:
        parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
    for module in memory.memory_model.modules():
        for name in list(module._parameters):
            module.register_parameter(name, None)


class Titans(SegmentModel):
    """Encoder, blocks, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__(signature, config.width, config.span)
        self.blocks = nn.ModuleList(MemoryBlock(config) for _ in range(config.layers))

    def initial_memory(self, batch: int) -> tuple[TitansMemory, ...]:
        """Return the state of each layer before the first step."""
        return tuple(
            block.initial_memory(batch) for block in cast("Iterable[MemoryBlock]", self.blocks)
        )

    def read(
        self, hidden: Float[Tensor, "B T D"], memory: tuple[TitansMemory, ...]
    ) -> tuple[Float[Tensor, "B T D"], tuple[TitansMemory, ...]]:
        """See :class:`baselines.peers._segments.SegmentModel`."""
        after = []
        for block, memory_state in zip(self.blocks, memory, strict=True):
            hidden, memory_state = block(hidden, memory_state)
            after.append(memory_state)
        return hidden, tuple(after)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return Titans(config, signature)
