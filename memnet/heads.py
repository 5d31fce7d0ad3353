"""Write heads and read heads: what is offered for writing, and what is asked.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens, ``D`` width, ``Z`` bottleneck, ``K`` key width, ``V`` value width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from memnet import clock
from memnet.bottleneck import CausalTaps
from memnet.config import MemNetConfig


@dataclass(frozen=True, slots=True)
class Offer:
    """What a chunk offers for writing, before the clock is known.

    Attributes:
        key: Keys before the clock's term and normalisation.
        value: Contents.
        gate: Gate logits a, before the terms of clock and occupancy.
        hold: ``λ·ℓ_t``, what each token leaves of the pre-synaptic trace.
    """

    key: Float[Tensor, "B H C K"]
    value: Float[Tensor, "B H C V"]
    gate: Float[Tensor, "B H C"]
    hold: Float[Tensor, "B H C"]


def open_gate(logit: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead"]:
    """``clamp(1.2·σ(a) − 0.1, 0, 1)``, straight-through at the clamp: it reaches exactly 0 and 1, and never loses its gradient there.

    The stretched sigmoid is that of the hard concrete gate (Louizos et al. 2018), without its noise.
    """
    stretched = 1.2 * torch.sigmoid(logit) - 0.1
    return stretched + (stretched.clamp(0.0, 1.0) - stretched).detach()


class WriteHeads(nn.Module):
    """Keys, values and gates of what may be stored.

        k_t = normalise(W_k·Σ_τ c_τ ⊙ z_{t−τ} + U_k·clock_t),  at the start the token before: a pair fits one slot
        v_t = W_v·z_t
        a_t = w·h_t + u·clock_t + o·occupancy_t + b

    Args:
        config: Options.
    """

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        heads, value_width = config.heads, config.width // config.heads
        self.heads = heads
        self.taps = CausalTaps(config.bottleneck, config.key_taps, start=1)
        self.key = nn.Linear(config.bottleneck, heads * config.key_width, bias=False)
        self.value = nn.Linear(config.bottleneck, heads * value_width, bias=False)
        self.gate = nn.Linear(config.width, heads)
        self.link_gate = nn.Linear(config.width, heads)
        self.trace = nn.Parameter(torch.full((heads,), -1.0))
        self.key_clock = nn.Parameter(torch.zeros(heads, clock.CODE_WIDTH, config.key_width))
        self.gate_clock = nn.Parameter(torch.zeros(heads, clock.CODE_WIDTH, 1))
        self.gate_occupancy = nn.Parameter(torch.zeros(heads, 1))
        nn.init.orthogonal_(self.key.weight)
        nn.init.orthogonal_(self.value.weight)
        for gate, bias in ((self.gate, 1.0), (self.link_gate, 2.0)):
            nn.init.zeros_(gate.weight)
            nn.init.constant_(gate.bias, bias)

    def forward(self, hidden: Float[Tensor, "B C D"], context: Float[Tensor, "B taps-1+C Z"]) -> Offer:
        """Return what the chunk offers.

        Args:
            hidden: The controller's state.
            context: Bottleneck codes, those before the chunk that the taps reach in front.
        """
        codes = context[:, context.shape[1] - hidden.shape[1] :]
        hold = torch.sigmoid(self.trace) * torch.sigmoid(self.link_gate(hidden))
        return Offer(
            key=_split(self.key(self.taps(context)), self.heads),
            value=_split(self.value(codes), self.heads),
            gate=self.gate(hidden).transpose(1, 2),
            hold=hold.transpose(1, 2),
        )

    def keys(self, offer: Offer, count: Float[Tensor, "B H C"]) -> Float[Tensor, "B H C K"]:
        """Unit-norm keys, given the clock before each token."""
        return functional.normalize(offer.key + clock.code(count) @ self.key_clock, dim=-1)

    def gate_logits(self, offer: Offer, count: Float[Tensor, "B H C"], occupancy: Float[Tensor, "B H C"]) -> Float[Tensor, "B H C"]:
        """Gate logits a, given the clock and the share of occupied slots before each token."""
        return offer.gate + (clock.code(count) @ self.gate_clock).squeeze(-1) + occupancy * self.gate_occupancy


class ReadHeads(nn.Module):
    """Queries, and how sharply they are compared.

        q_t = normalise(W_q·Σ_τ c_τ ⊙ z_{t−τ} + U_q·clock_t),  at the start the present token, and W_q = W_k
        score = temperature · q·k

    Args:
        config: Options.
        write: The write heads, whose key projection the queries start from.
    """

    def __init__(self, config: MemNetConfig, write: WriteHeads) -> None:
        super().__init__()
        self.heads = config.heads
        self.taps = CausalTaps(config.bottleneck, config.key_taps, start=0)
        self.query = nn.Linear(config.bottleneck, config.heads * config.key_width, bias=False)
        self.query.weight = nn.Parameter(write.key.weight.detach().clone())
        self.query_clock = nn.Parameter(torch.zeros(config.heads, clock.CODE_WIDTH, config.key_width))
        self.log_temperature = nn.Parameter(torch.full((config.heads, 1, 1), math.log(10.0)))

    def forward(self, context: Float[Tensor, "B taps-1+C Z"], count: Float[Tensor, "B H C"]) -> Float[Tensor, "B H C K"]:
        """Return unit-norm queries."""
        raw = _split(self.query(self.taps(context)), self.heads)
        return functional.normalize(raw + clock.code(count) @ self.query_clock, dim=-1)

    @property
    def temperature(self) -> Float[Tensor, "H 1 1"]:
        """How sharply a query is compared, one per head."""
        return self.log_temperature.exp()


def _split(flat: Float[Tensor, "B C HK"], heads: int) -> Float[Tensor, "B H C K"]:
    split: Tensor = flat.unflatten(-1, (heads, -1)).transpose(1, 2)
    return split
