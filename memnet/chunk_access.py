"""What one chunk prepares, writes and reads.

Legend: ``B`` memories, ``H`` heads, ``G`` linked ones, ``N`` slots, ``C`` tokens, ``A`` candidates
for writing among them, ``E = N + A`` entries, ``M`` nodes, ``K`` key width, ``V`` value width,
``D`` width.
"""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from memnet.fading import Fading
from memnet.graph import Links
from memnet.heads import Offer
from memnet.nodes import Nodes
from memnet.placement import Placement
from memnet.state import Slots


@dataclass(frozen=True, slots=True)
class Prepared:
    """What writes and reads take from the controller alone, whatever the memory holds.

    Attributes:
        offer: Contents offered for writing.
        query: Queries before the clock's term and normalisation.
        policy: Logits of the reading policies, or None without the learned mix.
        hops: Weight of each number of hops, or None without a hop gate.
    """

    offer: Offer
    query: Float[Tensor, "B H C K"]
    policy: Float[Tensor, "B H C 3"] | None
    hops: Float[Tensor, "B G C hops+1"] | None

    def part(self, start: int, stop: int) -> "Prepared":
        """Return what belongs to the tokens from ``start`` to before ``stop``."""
        offer, tokens = self.offer, slice(start, stop)
        return Prepared(
            offer=Offer(
                key=offer.key[:, :, tokens],
                value=offer.value[:, :, tokens],
                gate=offer.gate[:, :, tokens],
                hold=offer.hold[:, :, tokens],
            ),
            query=self.query[:, :, tokens],
            policy=None if self.policy is None else self.policy[:, :, tokens],
            hops=None if self.hops is None else self.hops[:, :, tokens],
        )


@dataclass(frozen=True, slots=True)
class Written:
    """The writes of a chunk, as entries in addition to the slots.

    Attributes:
        keys: Keys of all entries.
        values: Contents of all entries.
        strength: Strength of all entries as written; 0 in an empty slot.
        faded: The entries that lose strength; None if none does.
        times: Token of each entry's last write.
        gate: Write gate g of each candidate; 0 if it does not write.
        logits: Logits a of each token's gate.
        count: The clock before each token.
        codes: Its codes.
        placement: Which entry takes the place of which.
        nodes: Nodes of the graph.
        seen: 1 for the nodes that a read at each token sees, else 0.
        slots: The bank before the chunk, with slots added for its new entries.
        links: The graph at each token, or None if it is switched off.
        kept: Factor of each entry's content in reads, 0 for slots that a full bank would have
            evicted; None if it is 1 for all.
    """

    keys: Float[Tensor, "B H E K"]
    values: Float[Tensor, "B H E V"]
    strength: Float[Tensor, "B H E"]
    faded: Fading | None
    times: Int[Tensor, "B H E"]
    gate: Float[Tensor, "B H A"]
    logits: Float[Tensor, "B H C"]
    count: Float[Tensor, "B H C"]
    codes: Float[Tensor, "B 1 C H*code"]
    placement: Placement
    nodes: Nodes
    seen: Float[Tensor, "B H M C"]
    slots: Slots
    links: Links | None
    kept: Float[Tensor, "B H E 1"] | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The reads of a chunk.

    Attributes:
        weights: Final weights over entries, a distribution if any entry is visible.
        visible: 1 for entries that could be read, else 0.
        vectors: Vectors read, the heads concatenated.
        dispersion: ``1 − Σ w²`` of the TopK reads: 0 if one entry is read, near 1 if many are.
    """

    weights: Float[Tensor, "B H C E"]
    visible: Float[Tensor, "B H C E"]
    vectors: Float[Tensor, "B C D"]
    dispersion: Float[Tensor, "B H C"]


@dataclass(frozen=True, slots=True)
class ChunkAccess:
    """The writes and reads of one chunk."""

    written: Written
    read: Read
