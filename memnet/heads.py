"""Write heads (keys, values and gates) and read heads (queries).

Legend: ``B`` memories, ``H`` heads, ``C`` tokens, ``D`` width, ``Z`` bottleneck, ``K`` key width,
``V`` value width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from memnet import clock
from memnet.bottleneck import CausalTaps, reached_by_taps
from memnet.config import MemNetConfig

FULL = 8.0
"""Weight of the full-memory term in a gate's logit.

If nothing that follows is worth a slot, the gate soon closes and the first contents stay stored.
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """Contents that a chunk offers for writing, before the clock is known.

    Attributes:
        key: Keys before the clock's term and normalisation.
        value: Contents.
        gate: Gate logits a, before the terms of clock and occupancy.
        hold: ``λ·ℓ_t``, the share of the pre-synaptic trace that remains after each token.
    """

    key: Float[Tensor, "B H C K"]
    value: Float[Tensor, "B H C V"]
    gate: Float[Tensor, "B H C"]
    hold: Float[Tensor, "B H C"]


def open_gate(logit: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead"]:
    """``clamp(1.2·σ(a) − 0.1, 0, 1)``, straight-through at the clamp.

    It reaches exactly 0 and 1, and has a gradient there.

    The stretched sigmoid is that of the hard concrete gate (Louizos et al. 2018), without its
    noise.
    """
    wide = stretched(logit)
    return wide + (wide.clamp(0.0, 1.0) - wide).detach()


def stretched(logit: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead"]:
    """``1.2·σ(a) − 0.1``: a gate before its clamp, above zero where it is open."""
    return 1.2 * torch.sigmoid(logit) - 0.1


class WriteHeads(nn.Module):
    """Keys, values and gates of the writes.

        k_t = normalise(W_k·Σ_τ c_τ ⊙ z_{t−τ} + U_k·clock_t)
        v_t = W_v·(z_t + Σ_{τ≥1} d_τ ⊙ z_{t−τ})
        a_t = w·h_t + u·clock_t + o·occupancy_t + FULL·f·1[occupancy_t = 1] + b

    This is a *binding* head: its keys are initially the previous token, so that one slot holds a
    pair. The key of an *associating* head is the input itself, without context and position: ``k_t
    = normalise(W_k·z⁰_t)`` with z⁰ the code of the bare input. So repeated inputs share one slot,
    and the graph records which input followed which. (Learned keys drifted apart with their
    contexts until no two keys were the same: in training, accuracy over two hops fell from 99% to
    60%.) The first half of the heads binds, the second half associates; a single head binds. The
    clocks of all heads are inputs of every binding head.

    Args:
        config: Options.
    """

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        heads, value_width = config.heads, config.width // config.heads
        self.heads = heads
        self.value_width = value_width
        self.associating = heads // 2
        self.binding = heads - self.associating
        self.key = CausalTaps(
            config.bottleneck,
            config.key_taps,
            self.binding,
            config.key_width,
            start=1 if config.init == "mimetic" else None,
        )
        self.identity = (
            nn.Linear(config.bottleneck, self.associating * config.key_width, bias=False)
            if self.associating
            else None
        )
        self.value = nn.Linear(config.bottleneck, heads * value_width, bias=False)
        self.value_taps = nn.Parameter(torch.zeros(config.key_taps - 1, heads, config.bottleneck))
        self.gate = nn.Linear(config.width, heads)
        self.link_gate = nn.Linear(config.width, heads)
        self.trace = nn.Parameter(torch.full((heads,), -1.0))
        self.key_clock = nn.Parameter(clock.projection(heads, self.binding, config.key_width))
        self.gate_clock = nn.Parameter(torch.zeros(heads, heads * clock.CODE_WIDTH, 1))
        self.gate_occupancy = nn.Parameter(torch.zeros(heads, 1))
        self.gate_full = nn.Parameter(torch.zeros(heads, 1))
        nn.init.orthogonal_(self.value.weight)
        if self.identity is not None:
            nn.init.orthogonal_(self.identity.weight)
        for gate, bias in ((self.gate, 1.0), (self.link_gate, 2.0)):
            nn.init.zeros_(gate.weight)
            nn.init.constant_(gate.bias, bias)

    def forward(
        self,
        hidden: Float[Tensor, "B C D"],
        context: Float[Tensor, "B taps-1+C Z"],
        bare: Float[Tensor, "B C Z"],
    ) -> Offer:
        """Return the contents that the chunk offers for writing.

        Args:
            hidden: The controller's state.
            context: Bottleneck codes of that state, preceded by those that the taps reach before
                the chunk.
            bare: Bottleneck codes of the inputs.
        """
        hold = torch.sigmoid(self.trace) * torch.sigmoid(self.link_gate(hidden))
        return Offer(
            key=_both(self.key(context), self.identity, bare),
            value=_split(self.values(context), self.value_width),
            gate=self.gate(hidden).transpose(1, 2).contiguous(),
            hold=hold.transpose(1, 2).contiguous(),
        )

    def values(self, context: Float[Tensor, "B taps-1+C Z"]) -> Float[Tensor, "B C HV"]:
        """Return the contents v, the heads concatenated."""
        reached = reached_by_taps(context, self.value_taps.shape[0] + 1)
        split = self.value.weight.unflatten(0, (self.heads, -1))
        earlier = torch.einsum("hvz,thz->tzhv", split, self.value_taps).flatten(2).flatten(0, 1)
        return reached @ torch.cat([self.value.weight.mT, earlier])

    def keys(self, offer: Offer, codes: Float[Tensor, "B 1 C H*code"]) -> Float[Tensor, "B H C K"]:
        """Unit-norm keys, given the codes of the clock before each token."""
        return timed(offer.key, codes @ self.key_clock)

    def gate_logits(
        self,
        offer: Offer,
        codes: Float[Tensor, "B 1 C H*code"],
        occupancy: Float[Tensor, "B H C"],
    ) -> Float[Tensor, "B H C"]:
        """Gate logits a, given the clock's codes and the occupied share of slots before a token."""
        filling = occupancy * self.gate_occupancy + (occupancy >= 1.0) * (FULL * self.gate_full)
        timed_logits = functional.linear(codes.squeeze(1), self.gate_clock.squeeze(-1))
        return offer.gate + timed_logits.transpose(1, 2) + filling


class ReadHeads(nn.Module):
    """Queries, and the temperature at which they are compared.

        q_t = normalise(W_q·Σ_τ c_τ ⊙ z_{t−τ} + U_q·clock_t)
        q_t = normalise(W_q·z⁰_t)  in an associating head
        score = temperature · q·k

    Initially a binding head's query is the present token, and W_q = W_k; with ``init`` *plain*,
    queries start at random.

    Args:
        config: Options.
        write: The write heads, whose key projections are the initial values of the queries.
    """

    def __init__(self, config: MemNetConfig, write: WriteHeads) -> None:
        super().__init__()
        mimetic = config.init == "mimetic"
        self.query = CausalTaps(
            config.bottleneck,
            config.key_taps,
            write.binding,
            config.key_width,
            start=0 if mimetic else None,
        )
        self.identity = None
        if write.identity is not None:
            self.identity = nn.Linear(
                write.identity.in_features, write.identity.out_features, bias=False
            )
        self.query_clock = nn.Parameter(write.key_clock.detach().clone())
        if mimetic:
            with torch.no_grad():
                self.query.project.copy_(write.key.project)
                if self.identity is not None and write.identity is not None:
                    self.identity.weight.copy_(write.identity.weight)
        else:
            nn.init.normal_(self.query_clock, std=clock.INITIAL_CLOCK_SCALE)
            if self.identity is not None:
                nn.init.orthogonal_(self.identity.weight)
        self.log_temperature = nn.Parameter(torch.full((config.heads, 1, 1), math.log(10.0)))

    def forward(
        self, context: Float[Tensor, "B taps-1+C Z"], bare: Float[Tensor, "B C Z"]
    ) -> Float[Tensor, "B H C K"]:
        """Return queries before the clock's term and normalisation."""
        return _both(self.query(context), self.identity, bare)

    def queries(
        self, raw: Float[Tensor, "B H C K"], codes: Float[Tensor, "B 1 C H*code"]
    ) -> Float[Tensor, "B H C K"]:
        """Unit-norm queries, given the codes of the clock before each token."""
        return timed(raw, codes @ self.query_clock)

    @property
    def temperature(self) -> Float[Tensor, "H 1 1"]:
        """Temperature of the comparison, one per head."""
        return self.log_temperature.exp()


def timed(
    raw: Float[Tensor, "B H C K"], time: Float[Tensor, "B binding C K"]
) -> Float[Tensor, "B H C K"]:
    """Add the clocks' term to the binding heads, and normalise all vectors."""
    binding = time.shape[1]
    return functional.normalize(
        torch.cat([raw[:, :binding] + time, raw[:, binding:]], dim=1), dim=-1
    )


def _both(
    bound: Float[Tensor, "B binding C K"], identity: nn.Linear | None, bare: Float[Tensor, "B C Z"]
) -> Float[Tensor, "B H C K"]:
    """Return keys of the binding heads, then those of the associating heads, if there are any."""
    return (
        bound
        if identity is None
        else torch.cat([bound, _split(identity(bare), bound.shape[-1])], dim=1)
    )


def _split(flat: Float[Tensor, "B C HK"], width: int) -> Float[Tensor, "B H C K"]:
    split: Tensor = flat.unflatten(-1, (flat.shape[-1] // width, width)).transpose(1, 2)
    return split.contiguous()
