"""What a memory did, gathered while it reads and writes.

A recorder is handed to the forward pass of any model with slots; the pass tells it of each chunk.
Statistics are those reported with every task: slot reuse, read sparsity, occupancy, write rate,
read entropy, and how long slots live.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.policy import entropy


@dataclass(slots=True)
class Recorder:
    """Running totals over the chunks of one or more passes.

    Attributes:
        tokens: Tokens seen, times memories and heads.
        writes: Writes among them.
        reuses: Writes that landed on an occupied slot.
        reads: Reads of a memory that held something.
        read_entropy: Sum of their entropies, in nats.
        read_sparsity: Sum of ``1 − e^entropy / occupied``.
        occupied: Sum over tokens of the share of slots that are occupied, of all that a memory may
            have.
        ended: Lifetimes, in tokens, of slots that were given up, for another content or to another
            slot in a dream.
        alive: Ages of the slots still occupied at the end of the last pass told of (censored
            lifetimes).
        carried_bytes: Most bytes that one memory carried, the chunk's provisional slots included.
    """

    tokens: int = 0
    writes: int = 0
    reuses: int = 0
    reads: int = 0
    read_entropy: float = 0.0
    read_sparsity: float = 0.0
    occupied: float = 0.0
    ended: list[int] = field(default_factory=list)
    alive: list[int] = field(default_factory=list)
    carried_bytes: int = 0

    def read(self, weights: Float[Tensor, "B H C E"], visible: Bool[Tensor, "B H C E"]) -> None:
        """Note the reads of a chunk."""
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
        most: int,
    ) -> None:
        """Note the writes of a chunk of ``count`` tokens, and which slots are occupied after it, of the ``most`` that there may be.

        Slots are made as they are needed, so those that were made say little about how full a
        memory is, and there may be none.
        """
        tokens = count * active[..., 0].numel()
        self.tokens += tokens
        self.writes += int(active.sum())
        self.reuses += int((active & ~fresh).sum())
        self.occupied += float(occupied.sum(-1).float().mean()) / most * tokens

    def lives(self, ended: Bool[Tensor, "B H N"], birth: Int[Tensor, "B H N"], now: int) -> None:
        """Note slots that were given up at ``now``."""
        self.ended.extend((now - birth[ended]).tolist())

    def survivors(
        self, occupied: Bool[Tensor, "B H N"], birth: Int[Tensor, "B H N"], now: int
    ) -> None:
        """Note the ages of the slots occupied at the end of a pass.

        Those noted before were the same slots, younger.
        """
        self.alive = (now - birth[occupied]).tolist()

    def carries(self, tensors: Iterable[Tensor]) -> None:
        """Note what is carried at a chunk's end, batch first."""
        total = sum(tensor.numel() * tensor.element_size() // tensor.shape[0] for tensor in tensors)
        self.carried_bytes = max(self.carried_bytes, total)

    def statistics(self) -> dict[str, float | None]:
        """Return the averages; null where there was nothing to average."""
        return {
            "occupancy": self.occupied / self.tokens if self.tokens else None,
            "write_rate": self.writes / self.tokens if self.tokens else None,
            "reuse": self.reuses / self.writes if self.writes else None,
            "read_entropy": self.read_entropy / self.reads if self.reads else None,
            "read_sparsity": self.read_sparsity / self.reads if self.reads else None,
        }
