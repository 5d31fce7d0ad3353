"""Statistics of a persistent memory; the memory itself does not read them.

Legend: ``N`` slots, ``B`` batch, ``k`` slots read.
"""

import torch
from jaxtyping import Float
from pydantic import JsonValue
from torch import Tensor

from memnet.persistent.bank import Change, PersistentBank
from results.statistics.survival import survival


class SlotStatistics:
    """Lifetimes of slots, in samples seen, and the entropy of reads, in nats.

    Args:
        slots: N.
    """

    def __init__(self, slots: int) -> None:
        self._born = torch.zeros(slots, dtype=torch.long)
        self._ended = torch.zeros(0, dtype=torch.long)
        self._writes = 0
        self.begin_reads()

    def changed(self, change: Change, clock: int) -> None:
        """Record a change of the bank at the time ``clock``."""
        self._ended = torch.cat((self._ended, clock - self._born[change.given_up.cpu()]))
        self._born[change.taken.cpu()] = clock
        self._writes += len(change.taken)

    def begin_reads(self) -> None:
        """Reset the statistics of reads."""
        self._entropy, self._reads = 0.0, 0

    def was_read(self, weights: Float[Tensor, "B k"]) -> None:
        """Record reads."""
        self._entropy += float(torch.special.entr(weights).sum())
        self._reads += len(weights)

    def summary(self, bank: PersistentBank) -> dict[str, JsonValue]:
        """Return occupancy, write rate, read entropy (nats) and sparsity, and slot survival."""
        occupied = int(bank.occupied.sum())
        alive = int(bank.clock) - self._born[bank.occupied.cpu()]
        ends = len(self._ended)
        curve = survival(
            torch.cat((self._ended, alive)).numpy(), torch.arange(ends + len(alive)).numpy() >= ends
        )
        entropy = self._entropy / self._reads if self._reads else None
        return {
            "occupancy": occupied / len(bank.links),
            "write_rate": self._writes / max(int(bank.clock), 1),
            "read_entropy": entropy,
            "read_sparsity": None
            if entropy is None or not occupied
            else 1 - float(torch.tensor(entropy).exp()) / occupied,
            "lifetimes": curve,
        }

    def state_dict(self) -> dict[str, Tensor]:
        """Return all records."""
        reads = torch.tensor([self._entropy, self._reads, self._writes], dtype=torch.float64)
        return {"born": self._born, "ended": self._ended, "reads": reads}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._born, self._ended = state["born"].clone(), state["ended"].clone()
        entropy, reads, writes = state["reads"].tolist()
        self._entropy, self._reads, self._writes = entropy, int(reads), int(writes)
