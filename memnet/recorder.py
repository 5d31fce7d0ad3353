"""Statistics of a memory, collected while it reads and writes.

A recorder is an argument of the forward pass of any model with slots; the pass reports each chunk
to it. The statistics are reported with every task: slot reuse, read sparsity, occupancy, write
rate, read entropy, and lifetimes of slots.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.reading_policies import entropy


@dataclass(slots=True)
class Recorder:
    """Running totals over the chunks of one or more passes.

    Attributes:
        tokens: Tokens seen, times memories and heads.
        writes: Writes among them.
        reuses: Writes to an occupied slot.
        reads: Reads of a memory that was not empty.
        read_entropy: Sum of their entropies, in nats.
        read_sparsity: Sum of ``1 − e^entropy / occupied``.
        occupied: Sum over tokens of the share of occupied slots in the largest number of slots.
        ended: Lifetimes, in tokens, of slots that were evicted or, in a dream, merged into another
            slot.
        evictions: Slots whose content was evicted.
        evicted_retention: Sum of their retention scores.
        alive: Ages of the slots still occupied at the end of the last recorded pass (censored
            lifetimes).
        carried_bytes: Largest number of bytes that one memory carried, the chunk's provisional
            slots included.
    """

    tokens: int = 0
    writes: int = 0
    reuses: int = 0
    reads: int = 0
    read_entropy: float = 0.0
    read_sparsity: float = 0.0
    occupied: float = 0.0
    evictions: int = 0
    evicted_retention: float = 0.0
    ended: list[int] = field(default_factory=list)
    alive: list[int] = field(default_factory=list)
    carried_bytes: int = 0

    def read(self, weights: Float[Tensor, "B H C E"], visible: Bool[Tensor, "B H C E"]) -> None:
        """Record the reads of a chunk."""
        held = visible.sum(-1)
        some = held > 0
        nats = entropy(weights.detach())
        self.reads += int(some.sum())
        self.read_entropy += float(nats[some].sum())
        self.read_sparsity += float((1.0 - nats[some].exp() / held[some]).sum())

    def write(
        self,
        active: Bool[Tensor, "B H A"],
        fresh: Bool[Tensor, "B H A"],
        occupied: Bool[Tensor, "B H N"],
        count: int,
        *,
        max_slots: int,
    ) -> None:
        """Record the writes of a chunk of ``count`` tokens, and the occupied slots after it.

        The occupied share refers to ``max_slots``, the largest number of slots: slots are created
        when needed, so the number of existing slots does not show how full a memory is, and it may
        be zero.
        """
        tokens = count * active[..., 0].numel()
        self.tokens += tokens
        self.writes += int(active.sum())
        self.reuses += int((active & ~fresh).sum())
        self.occupied += float(occupied.sum(-1).float().mean()) / max_slots * tokens

    def lives(self, ended: Bool[Tensor, "B H N"], birth: Int[Tensor, "B H N"], now: int) -> None:
        """Record slots that were evicted at ``now``."""
        self.ended.extend((now - birth[ended]).tolist())

    def evicts(self, evicted: Bool[Tensor, "B H N"], retention: Float[Tensor, "B H N"]) -> None:
        """Record the retention scores of slots that were evicted."""
        self.evictions += int(evicted.sum())
        self.evicted_retention += float(retention[evicted].sum())

    def survivors(
        self, occupied: Bool[Tensor, "B H N"], birth: Int[Tensor, "B H N"], now: int
    ) -> None:
        """Record the ages of the slots occupied at the end of a pass.

        They replace the ages recorded before, which were of the same slots.
        """
        self.alive = (now - birth[occupied]).tolist()

    def carries(self, tensors: Iterable[Tensor]) -> None:
        """Record the tensors carried at a chunk's end, batch first."""
        total = sum(tensor.numel() * tensor.element_size() // tensor.shape[0] for tensor in tensors)
        self.carried_bytes = max(self.carried_bytes, total)

    def statistics(self) -> dict[str, float | None]:
        """Return the averages; None if there was nothing to average."""
        return {
            "occupancy": self.occupied / self.tokens if self.tokens else None,
            "write_rate": self.writes / self.tokens if self.tokens else None,
            "reuse": self.reuses / self.writes if self.writes else None,
            "read_entropy": self.read_entropy / self.reads if self.reads else None,
            "read_sparsity": self.read_sparsity / self.reads if self.reads else None,
            "eviction_retention": (
                self.evicted_retention / self.evictions if self.evictions else None
            ),
        }
