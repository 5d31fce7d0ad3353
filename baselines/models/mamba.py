"""Mamba: a state space model whose steps depend on the input (Gu & Dao 2023)."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.models._gate import OpenGate
from baselines.models._layer_stack import Mixer, ResidualBlock, Stack
from baselines.models._mimetic import PASSED, open_evenly, pass_one_step
from baselines.models._selective_scan import selective_scan
from baselines.models._short_convolution import ShortConvolution
from baselines.models._step_size import step_biases

VERSION = 2
TITLE = "Mamba"

SLOW = 1e-3
"""Rate of forgetting at a step of length 1, of a layer with MemNet's initial values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options. A layer's state takes ``expansion · width · states`` floats.

    Attributes:
        width: D.
        layers: Blocks.
        expansion: Channels E of a block, as a multiple of the width.
        states: States N of a channel.
        step_rank: Rank of the map from a channel's input to its step; None for ``width / 16``,
            rounded up, as published.
        init: *plain*, or *mimetic*: the first layer starts with MemNet's initial values
            (:mod:`baselines.models._mimetic`).
    """

    width: int = 72
    layers: int = 2
    expansion: int = 2
    states: int = 16
    step_rank: int | None = None
    init: Literal["plain", "mimetic"] = "plain"

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            width=self.width, layers=self.layers, expansion=self.expansion, states=self.states
        )
        if self.step_rank is not None:
            check_positive(step_rank=self.step_rank)
        if self.init == "mimetic" and self.expansion < 2:
            raise ValueError(
                f"init = mimetic with expansion = {self.expansion} is not possible: half of the "
                "channels pass on the previous token, so expansion must be at least 2"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MambaState:
    """The states of each channel, and the last inputs of the convolution."""

    states: Float[Tensor, "B N E"]
    context: Float[Tensor, "B 3 E"]


class MambaLayer(Mixer):
    """Projection to channels and gates, convolution, selective scan, gate, projection back.

    See Figure 3 of the paper. As in its code, A, the skip and the steps' bias have no weight decay.

    Args:
        width: D.
        channels: E.
        states: N.
        rank: Rank of the steps' projection.
    """

    undecayed_parameters = ("log_rate", "skip")

    def __init__(self, width: int, channels: int, states: int, rank: int) -> None:
        super().__init__()
        self.sizes = [rank, states, states]
        self.into = nn.Linear(width, channels, bias=False)
        self.gate = OpenGate(width, channels)
        self.convolution = ShortConvolution(channels, bias=True)
        self.select = nn.Linear(channels, sum(self.sizes), bias=False)
        self.step = nn.Linear(rank, channels)
        nn.init.uniform_(self.step.weight, -(rank**-0.5), rank**-0.5)
        self.step.bias = nn.Parameter(step_biases(channels))
        # S4D-real: every channel initially has the rates −1, −2, … −N.
        self.log_rate = nn.Parameter(
            torch.arange(1.0, states + 1.0).log().unsqueeze(1).repeat(1, channels)
        )
        self.skip = nn.Parameter(torch.ones(channels))
        self.out = nn.Linear(channels, width, bias=False)

    @torch.no_grad()
    def mimic_memnet(self) -> None:
        """Set MemNet's initial values (:mod:`baselines.models._mimetic`).

        Half of the channels pass on the previous input and give B, the other half the present one
        and give C. For equal inputs ``C·B`` is about 1. Every step is of length 1, and nearly
        nothing is forgotten: the scan is linear attention to pairs, ``Σ_s (C_t·B_s) x_s``. The
        layer adds what followed the present input. There is no skip.
        """
        rank, states, _ = self.sizes
        half = len(self.into.weight) // 2
        previous, present = slice(0, half), slice(half, 2 * half)
        nn.init.orthogonal_(self.into.weight[present])
        self.into.weight[previous] = self.into.weight[present]
        pass_one_step(self.convolution, previous, back=1)
        pass_one_step(self.convolution, present, back=0)
        keys = nn.init.orthogonal_(torch.empty(states, half)) / (PASSED * states**0.5)
        nn.init.zeros_(self.select.weight)
        self.select.weight[rank : rank + states, previous] = keys
        self.select.weight[rank + states :, present] = keys
        nn.init.constant_(self.step.bias, math.log(math.expm1(1.0)))
        nn.init.constant_(self.log_rate, math.log(SLOW))
        nn.init.zeros_(self.skip)
        nn.init.zeros_(self.out.weight)
        self.out.weight[:, present] = self.into.weight[present].t() / PASSED
        open_evenly(self.gate)

    def initial_state(self, batch: int) -> MambaState:
        """Return zeros."""
        return MambaState(
            states=self.log_rate.new_zeros(batch, *self.log_rate.shape),
            context=self.convolution.initial_context(batch),
        )

    def forward(
        self, hidden: Float[Tensor, "B T D"], state: MambaState
    ) -> tuple[Float[Tensor, "B T D"], MambaState]:
        """See :class:`baselines.models._layer_stack.Mixer`."""
        inputs, context = self.convolution(self.into(hidden), state.context)
        low, write, read = self.select(inputs).split(self.sizes, dim=-1)
        step = functional.softplus(self.step(low))
        exact = state.states.dtype
        written, step, write, read = (
            (step * inputs).to(exact),
            step.to(exact),
            write.to(exact),
            read.to(exact),
        )
        with torch.autocast(
            hidden.device.type, enabled=False
        ):  # a recurrence accumulates rounding errors
            outputs, states = selective_scan(
                written, step, -self.log_rate.exp(), write, read, state.states
            )
        gated = (outputs + self.skip * inputs) * self.gate(hidden)
        return self.out(gated), MambaState(states=states, context=context)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    rank = math.ceil(config.width / 16) if config.step_rank is None else config.step_rank
    layers = [
        MambaLayer(config.width, config.expansion * config.width, config.states, rank)
        for _ in range(config.layers)
    ]
    blocks = [ResidualBlock(config.width, layer) for layer in layers]
    model = Stack(signature, config.width, blocks)
    if config.init == "mimetic":  # the last draws, so that all other initial values are unchanged
        layers[0].mimic_memnet()
    return model
