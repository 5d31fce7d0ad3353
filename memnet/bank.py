"""MultiHeadMemoryBank: slots that are read and written by a chunk of tokens at once.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens, ``A`` candidates for writing among
them, ``E = N + A`` entries, ``D`` width, ``K`` key width, ``V`` value width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from memnet import clock
from memnet.chunk_access import Prepared, Read, Written
from memnet.config import MemNetConfig
from memnet.fading import faded
from memnet.folding import fold
from memnet.graph import Links, link
from memnet.heads import Offer, ReadHeads, WriteHeads, open_gate
from memnet.nodes import Nodes, between
from memnet.placement import Placement
from memnet.products import combined, inner
from memnet.reading_policies import MetaPolicy, dispersion, mixed, random_entry, scattered, top_k
from memnet.recorder import Recorder
from memnet.retention import SPARE, LearnedRetention
from memnet.rows import take_rows
from memnet.settling import settle
from memnet.spreading import spread_over_links, spread_start
from memnet.state import Slots, widen
from memnet.tracing.memory_trace import MemoryTrace


class MultiHeadMemoryBank(nn.Module):
    """H heads of N slots each.

    At each token the gated write is first, then the link, then the read, which sees both.

        write   : key k_t, value g_t·v_t, strength g_t, if the gate g_t is above zero;
                  similar older entries lose strength (see ``fading``)
        W_base  = π1·TopK + π2·Uniform + π3·Random
        W_k     = (1 − α)·W_{k−1} + α·W_{k−1}·Â,  W_0 = W_base
        W_final = W_base in heads without links; otherwise
                  W_1, or Σ_k m_k·W_k with m a learned hop gate if hops > 1
        read    = W_final · values

    The value is scaled by its gate, so a weakly written slot has little effect on a read. Reads are
    normalised. Without this scaling, all gates could decrease together at no cost to the task,
    until the gates that the task needs are zero too.

    Args:
        config: Options.
    """

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        self.config = config
        self.write_heads = WriteHeads(config)
        self.read_heads = ReadHeads(config, self.write_heads)
        self.retention = LearnedRetention(config) if config.retention == "learned" else None
        self.policy = MetaPolicy(config.width, config.heads) if config.meta_policy else None
        self.spread_logit = nn.Parameter(spread_start(config)) if config.hebbian else None
        self.hop_gate = (
            nn.Linear(config.width, config.linked_heads * (config.hops + 1))
            if config.hebbian and config.hops > 1
            else None
        )

    def prepare(
        self,
        hidden: Float[Tensor, "B C D"],
        context: Float[Tensor, "B taps-1+C Z"],
        bare: Float[Tensor, "B C Z"],
    ) -> Prepared:
        """Compute for all tokens at once what does not depend on the memory.

        Args:
            hidden: The controller's state at each token.
            context: Bottleneck codes of ``hidden``, preceded by those that the taps reach before
                the first token.
            bare: Bottleneck codes of the inputs.
        """
        hops = None
        if self.hop_gate is not None:
            mix = self.hop_gate(hidden).unflatten(-1, (self.config.linked_heads, -1))
            hops = mix.transpose(1, 2).contiguous().softmax(-1)
        return Prepared(
            offer=self.write_heads(hidden, context, bare),
            query=self.read_heads(context, bare),
            policy=None if self.policy is None else self.policy.logits(hidden),
            hops=hops,
        )

    def write(self, offer: Offer, slots: Slots, time: int) -> Written:
        """Resolve the chunk's writes and links; the slots themselves change in :meth:`fold`.

        Args:
            offer: Contents offered by the chunk.
            slots: The bank before the chunk.
            time: Tokens read before the chunk.
        """
        placement, settled, occupancy, cosine = settle(
            self.write_heads,
            offer,
            slots,
            time,
            self.config,
            every=torch.is_grad_enabled(),
        )
        slots, placement = self._add_slots(slots, placement)
        candidates = placement.candidates
        logits = self.write_heads.gate_logits(offer, clock.codes(settled), occupancy)
        opened = open_gate(logits)
        count = clock.before(slots.count, clock.straight_through_count(opened))
        codes = clock.codes(count)
        keys = candidates.of(self.write_heads.keys(offer, codes))
        gate = opened if candidates.moment is None else candidates.of(opened) * placement.active
        # An entry behind a closed gate is not read. Its value is unscaled, so that the gradient can
        # open the gate.
        scale = torch.where(gate > 0, gate, 1.0)
        nodes = Nodes.number(placement, slots.occupied)
        seen = nodes.seen(candidates.tokens, gate)
        keys = torch.cat([slots.keys, keys], dim=2)
        return Written(
            keys=keys,
            values=torch.cat(
                [slots.values, scale.unsqueeze(-1) * candidates.of(offer.value)], dim=2
            ),
            strength=torch.cat([slots.strength, gate], dim=-1),
            faded=faded(
                keys,
                gate,
                cosine,
                placement,
                slots.occupied,
                fade=self.config.fade,
                reuse=self.config.reuse,
            ),
            times=torch.cat([slots.written, candidates.times(gate) + time], dim=-1),
            gate=gate,
            logits=logits,
            count=count,
            codes=codes,
            placement=placement,
            nodes=nodes,
            seen=seen,
            slots=slots,
            links=self._links(offer, slots, placement, nodes, seen, gate),
            kept=self._kept(slots, time, gate) if self.training else None,
        )

    def _links(
        self,
        offer: Offer,
        slots: Slots,
        placement: Placement,
        nodes: Nodes,
        seen: Float[Tensor, "B H M C"],
        gate: Float[Tensor, "B H A"],
    ) -> Links | None:
        """Return the graph of the linked heads at each token; None if it is switched off.

        Its nodes are those up to the last one in use in these heads.
        """
        if not self.config.hebbian:
            return None
        first, size = slots.unlinked, slots.occupied.shape[-1]
        used = nodes.used(placement, slots.occupied, first)
        extra = max(0, used - size)
        return link(
            functional.pad(slots.graph(min(used, size)), (0, extra, 0, extra)),
            functional.pad(slots.trace[..., :used], (0, extra)),
            gate[:, first:],
            offer.hold[:, first:],
            placement.active[:, first:],
            nodes.entry[:, first:, size:].clamp_max(used - 1),
            seen[:, first:, :used],
            placement.candidates.heads(first),
            rate=self.config.link_rate,
            decay=self.config.link_decay,
        )

    def _kept(
        self, slots: Slots, time: int, gate: Float[Tensor, "B H A"]
    ) -> Float[Tensor, "B H E 1"] | None:
        """Return the factor of each entry's content in reads; None if it is 1 for all."""
        if self.retention is None:
            return None
        scores = self.retention(slots.strength, slots.usage, time - slots.written)
        kept = self.retention.kept(scores, slots.occupied)
        return (
            None if kept is None else torch.cat([kept, torch.ones_like(gate)], dim=-1).unsqueeze(-1)
        )

    @property
    def max_slots(self) -> int:
        """Largest number of slots per head; in training with learned retention, some are spare."""
        spare = SPARE if self.training and self.retention is not None else 1
        return spare * self.config.slots

    def _add_slots(self, slots: Slots, placement: Placement) -> tuple[Slots, Placement]:
        """Add the slots that new writes need, up to the limit."""
        needed = int((slots.occupied.sum(-1) + placement.fresh.sum(-1)).max())
        extra = min(self.max_slots, needed) - slots.occupied.shape[-1]
        if extra <= 0:
            return slots, placement
        return widen(slots, extra, linked=self.config.hebbian), placement.widened(extra)

    def read(
        self,
        prepared: Prepared,
        written: Written,
        draw: Float[Tensor, "B H C"] | None,
        observer: MemoryTrace | None = None,
    ) -> Read:
        """Read at each token.

        ``draw`` holds the uniform numbers of the Random policy, or None for its expectation.
        ``observer`` receives the reads before and after spreading.
        """
        query = self.read_heads.queries(prepared.query, written.codes)
        placement, nodes, occupied = written.placement, written.nodes, written.slots.occupied
        # The temperature multiplies the query, which is smaller than the scores.
        scores = inner(self.read_heads.temperature * query, written.keys)
        born, until = placement.seen(occupied, scores)
        tokens = scores.shape[2]
        visible = between(born.unsqueeze(2), until.unsqueeze(2), tokens, last=False)
        closed = None
        if self.training and placement.candidates.moment is None and not placement.active.all():
            closed = placement.passed_over.to(scores.dtype)
        best = top_k(
            scores, written.strength, visible, closed, self.config.top_k, faded=written.faded
        )
        opened = min(self.config.top_k, scores.shape[-1])
        to_node = nodes.entry.unsqueeze(2).expand(-1, -1, tokens, -1)
        index = to_node.gather(-1, best.index[..., :opened])
        shares, mix = best.weights, None
        if self.policy is None:
            base = scattered(torch.zeros_like(written.seen), index, shares[..., :opened])
        else:
            random = None
            if draw is not None:
                random = to_node.gather(-1, random_entry(draw, written.times, visible))
            assert prepared.policy is not None
            mix = self.policy(prepared.policy, best)
            base = mixed(mix, shares[..., :opened], index, written.seen, random)
            shares = mix[..., :1] * shares
        before, kept = base, None
        if written.links is not None:
            first, used = written.slots.unlinked, written.links.before.shape[-1]
            assert self.spread_logit is not None
            spread, kept = spread_over_links(
                base[:, first:, :used],
                written.links,
                prepared.hops,
                torch.sigmoid(self.spread_logit),
                self.config,
            )
            rest = base.shape[2] - used
            base = torch.cat([base[:, :first], functional.pad(spread, (0, 0, 0, rest))], dim=1)
        found = take_rows(base, nodes.entry) * between(
            born.unsqueeze(-1), until.unsqueeze(-1), tokens
        )
        if closed is not None:
            # No graph leads to or from an entry behind a closed gate.
            shares = shares[..., opened:]
            if kept is not None:
                shares = torch.cat([shares[:, :first], kept * shares[:, first:]], dim=1)
            found = scattered(found, best.index[..., opened:], shares)
        values = written.values if written.kept is None else written.kept * written.values
        vectors = combined(found, values).transpose(1, 2).flatten(2)
        found = found.transpose(-1, -2)
        if observer is not None:
            read = before.detach().transpose(-1, -2).gather(-1, index)
            observer.read(prepared, written, best, read, found, mix)
        return Read(
            weights=found,
            visible=visible,
            vectors=vectors,
            dispersion=dispersion(best.weights),
        )

    def fold(
        self,
        written: Written,
        read: Read,
        time: int,
        record: Recorder | None,
        observer: MemoryTrace | None = None,
    ) -> Slots:
        """Fold the chunk into the slots; see :func:`memnet.folding.fold`."""
        return fold(
            written,
            read,
            time,
            self.config,
            self.retention,
            max_slots=self.max_slots,
            record=record,
            observer=observer,
        )
