"""MemNet's memory as an Avalanche plugin, for any supervised strategy whose model is a :class:`~memnet.persistent.PersistentMemory`.

Before an experience all slots are dreamt of; every mini-batch is joined by dreams; after it the dreams are encoded anew and new samples
take their slots.
"""

from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from pydantic import JsonValue
from torch import Tensor

from memnet.persistent import Dreams, PersistentMemory
from memnet.persistent_bank import bank_bytes, read
from results.survival import survival
from strategies.continual.feeding import Cycle, columns_of
from strategies.randomness import generator

STATISTIC_READS = 64
"""Reads of a mini-batch whose entropy is taken: the rest would double the cost of evaluation."""


class MemNetPlugin(SupervisedPlugin[Any]):  # type: ignore[misc]
    """Dreams, rehearses and consolidates.

    The memory is the strategy's model; its own criterion takes the new samples and the dreams alike.

    Args:
        memory: The strategy's model.
        seed: Seed of the order in which dreams come.
    """

    supports_distributed = False

    def __init__(self, memory: PersistentMemory, seed: int) -> None:
        super().__init__()
        self.memory = memory
        self._order = generator("order of dreams", seed)
        self._dreams: Dreams | None = None
        self._cycle: Cycle | None = None
        self._anchors: Tensor | None = None
        self._codes: Tensor | None = None
        self._ended: list[Tensor] = []
        self._entropy = 0.0
        self._answers = 0
        memory.bottleneck.register_forward_hook(self._remember)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Dream of all slots."""
        self._dreams = self.memory.dream()
        self._cycle = None if self._dreams is None else Cycle(len(self._dreams.slots), self._order)

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Join dreams to the mini-batch, with the labels that the graph associates with them."""
        self._anchors = None
        if self._dreams is None or self._cycle is None:
            return
        inputs, labels, *rest = strategy.mbatch
        chosen = self._cycle.take(self.memory.config.dreams * len(labels)).to(labels.device)
        self._anchors = self._dreams.codes[chosen]
        strategy.mbatch = [
            torch.cat((inputs, self._dreams.inputs[chosen])),
            torch.cat((labels, self._dreams.labels[chosen])),
            *(torch.cat((column, column[:1].expand(len(chosen)))) for column in rest),
        ]

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the memory's own losses."""
        assert self._codes is not None
        strategy.loss = strategy.loss + self.memory.objective(self.memory.losses(self._codes, strategy.mb_x, strategy.mb_y, self._anchors))

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Encode the dreams anew and let new samples take slots."""
        columns = columns_of(strategy.experience.dataset)
        if columns is None:
            columns = tuple(torch.stack(list(map(torch.as_tensor, column))) for column in zip(*strategy.experience.dataset, strict=True))
        inputs, labels = columns[0].to(strategy.device), columns[1].to(strategy.device)
        self._ended.append(self.memory.consolidate(self._dreams, inputs, labels).cpu())
        self._dreams, self._anchors, self._codes = None, None, None

    def before_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin the statistics of reads."""
        self._entropy, self._answers = 0.0, 0

    def after_eval_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Take the entropy of this mini-batch's first reads."""
        memory = self.memory
        if self._codes is not None and bool(memory.bank.occupied.any()):
            weights = read(memory.bank, self._codes[:STATISTIC_READS], memory.log_temperature.exp(), memory.config.top_k).weights
            self._entropy += float(torch.special.entr(weights).sum())
            self._answers += len(weights)

    def kept_bytes(self) -> int:
        """Return the bytes of the bank: slots, edges and all that is kept about them."""
        return bank_bytes(self.memory.bank)

    def slot_statistics(self) -> dict[str, JsonValue]:
        """Return occupancy, write rate, the last evaluation's read entropy (nats) and sparsity, and survival by samples met."""
        bank = self.memory.bank
        occupied = int(bank.occupied.sum())
        alive = (bank.clock - bank.born[bank.occupied]).cpu()
        ended = torch.cat(self._ended) if self._ended else torch.zeros(0, dtype=torch.long)
        curve = survival(torch.cat((ended, alive)).numpy(), torch.arange(len(ended) + len(alive)).numpy() >= len(ended))
        entropy = self._entropy / self._answers if self._answers else None
        return {
            "occupancy": occupied / len(bank.strength),
            "write_rate": int(bank.writes) / max(int(bank.clock), 1),
            "read_entropy": entropy,
            "read_sparsity": None if entropy is None or not occupied else 1 - float(torch.tensor(entropy).exp()) / occupied,
            "lifetimes": {name: list(column) for name, column in curve.items()},
        }

    def _remember(self, module: Any, inputs: Any, codes: Tensor) -> None:
        """Keep the codes of the pass, whose losses are taken before the backward pass."""
        self._codes = codes
