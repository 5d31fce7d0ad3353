"""The layer around the delta rule, as published.

It has short convolutions, unit-norm keys and queries, and a normalised and gated output.

From Yang et al. 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence Length"
and "Gated Delta Networks". The decay is that of Mamba-2 (Dao & Gu 2024): ``log α_t =
−exp(a)·softplus(w·x_t + b)``.

Two things differ from the papers. The output gate has a bias (see :mod:`baselines.models._gate`).
And every head starts at the slow end of the published ranges, ``exp(a) = 1`` of 1 to 16 and
``softplus(b) = 0.001`` of 0.001 to 0.1. If the values were drawn from the ranges, as in models with
many heads, the only head of a layer could initially forget within a few steps, and would then learn
late or not at all.

Legend: ``B`` batch, ``H`` heads, ``T`` time, ``D`` width, ``K`` and ``V`` widths of a head's key
and value.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from baselines.models._delta import delta_rule
from baselines.models._gate import OpenGate
from baselines.models._layer_stack import Mixer
from baselines.models._mimetic import open_evenly, pass_one_step
from baselines.models._short_convolution import ShortConvolution
from baselines.models._step_size import SHORTEST, inverse_softplus


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaState:
    """The memory of each head, and the last inputs of the convolution."""

    memory: Float[Tensor, "B H K V"]
    context: Float[Tensor, "B 3 H*(2K+V)"]


class DeltaLayer(Mixer):
    """Delta rule with input-dependent queries, keys, values, strengths, decays and output gates.

    Norm, gate and projection follow it.

    Args:
        width: D.
        heads: H.
        key_width: K.
        value_width: V.
        chunk: Steps processed in parallel.
        decaying: Whether memory decays (the gated delta rule).
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        key_width: int,
        value_width: int,
        chunk: int,
        decaying: bool,
    ) -> None:
        super().__init__()
        self.shape = (heads, key_width, value_width)
        self.chunk = chunk
        self.into = nn.Linear(width, heads * (2 * key_width + value_width), bias=False)
        self.convolution = ShortConvolution(heads * (2 * key_width + value_width))
        self.strength = nn.Linear(width, heads, bias=False)
        self.decay = Decay(width, heads) if decaying else None
        self.gate = OpenGate(width, heads * value_width)
        self.norm = nn.RMSNorm(value_width)
        self.out = nn.Linear(heads * value_width, width, bias=False)

    @torch.no_grad()
    def mimic_memnet(self) -> None:
        """Set MemNet's initial values (:mod:`baselines.models._mimetic`).

        The memory then holds pairs of successive inputs, and the layer adds what followed the
        present one, with unit mean square.
        """
        heads, key_width, _ = self.shape
        keys = heads * key_width
        query, key, value = self.into.weight.split([keys, keys, len(self.into.weight) - 2 * keys])
        for rows in (*key.split(key_width), value):
            nn.init.orthogonal_(rows)
        query.copy_(key)
        self.out.weight.copy_(value.t())
        pass_one_step(self.convolution, slice(None), back=0)
        pass_one_step(self.convolution, slice(keys, 2 * keys), back=1)
        open_evenly(self.gate)

    def initial_state(self, batch: int) -> DeltaState:
        """Return empty memories."""
        return DeltaState(
            memory=self.into.weight.new_zeros(batch, *self.shape),
            context=self.convolution.initial_context(batch),
        )

    def forward(
        self, hidden: Float[Tensor, "B T D"], state: DeltaState
    ) -> tuple[Float[Tensor, "B T D"], DeltaState]:
        """See :class:`baselines.models._layer_stack.Mixer`."""
        heads, key_width, value_width = self.shape
        mixed, context = self.convolution(self.into(hidden), state.context)
        sizes = [heads * key_width, heads * key_width, heads * value_width]
        query, key, value = (
            part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in mixed.split(sizes, dim=-1)
        )
        strength = self.strength(hidden).sigmoid().transpose(1, 2)
        decay = None if self.decay is None else self.decay(hidden).transpose(1, 2)
        exact = state.memory.dtype
        with torch.autocast(
            hidden.device.type, enabled=False
        ):  # a recurrence accumulates rounding errors
            outputs, memory = delta_rule(
                functional.normalize(query.to(exact), dim=-1),
                functional.normalize(key.to(exact), dim=-1),
                value.to(exact),
                strength.to(exact),
                None if decay is None else decay.to(exact),
                state.memory,
                self.chunk,
            )
        gated = self.norm(outputs.transpose(1, 2)).flatten(2) * self.gate(hidden)
        return self.out(gated), DeltaState(memory=memory, context=context)


class Decay(nn.Module):
    """``log α = −exp(a)·softplus(w·x + b)``, with a, w and b for each head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.step = nn.Linear(width, heads)
        self.step.bias = nn.Parameter(inverse_softplus(torch.full((heads,), SHORTEST)))
        self.log_rate = nn.Parameter(torch.zeros(heads))

    def forward(self, hidden: Float[Tensor, "B T D"]) -> Float[Tensor, "B T H"]:
        """Return log α."""
        return -self.log_rate.exp() * functional.softplus(self.step(hidden))
