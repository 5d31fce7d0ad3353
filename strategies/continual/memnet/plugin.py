"""MemNet's memory as an Avalanche plugin.

The strategy is supervised and its model is a persistent memory
(`strategies.continual.memnet.wrap.remember`). If the memory has a learned encoder, the plugin
appends dreams to every mini-batch. After an experience it offers the samples to the memory; then,
or on streams without task boundaries by the memory's clock, the memory sleeps.
"""

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from pydantic import JsonValue
from torch import Tensor

from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.memory import PersistentMemory
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.memnet.slot_statistics import SlotStatistics
from strategies.continual.memnet.wrap import Memory
from strategies.continual.replay.rehearsal import samples_of

STATISTIC_READS = 64
"""Reads per mini-batch whose entropy is measured; all would double the cost of evaluation."""


class MemNetPlugin(SupervisedPlugin[Any]):
    """Dreams, rehearses and sleeps.

    The memory is the strategy's model; the strategy's own criterion applies to new samples and
    dreams alike. If Avalanche provides task labels, a dream has that of its class.

    Between two experiences the states of model, plugin and optimizer, and that of torch's global
    generator, from which Avalanche draws the order of samples, determine the rest of the run::

        torch.save(
            {
                "model": strategy.model.state_dict(),
                "plugin": plugin.state_dict(),
                "optimizer": strategy.optimizer.state_dict(),
                "rng": torch.get_rng_state(),
            },
            path,
        )

    A new process builds the same strategy and restores them, and ends with the same numbers::

        saved = torch.load(path)
        strategy.model.load_state_dict(saved["model"])
        plugin.load_state_dict(saved["plugin"])
        strategy.optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["rng"])
        for experience in benchmark.train_stream[done:]:
            strategy.train(experience)

    Within an experience Avalanche's own strategies can't resume, because their data loaders have no
    position to restore; `strategies.continual.strategy.ContinualStrategy` can
    (`strategies.continual.checkpointing`).

    Args:
        memory: The strategy's model.
        seed: Seed of the choice of dreams.
        dream_every: New samples between two sleeps, 0 to sleep at the end of each experience; the
            memory's own option by default.
    """

    supports_distributed = False

    def __init__(self, memory: Memory, seed: int, dream_every: int | None = None) -> None:
        super().__init__()
        self.memory = memory
        self._every = memory.config.dream_every if dream_every is None else dream_every
        self._choice = generator("order of dreams", seed)
        self._tasks = torch.zeros(memory.classes, dtype=torch.long)
        self._settled = torch.zeros(0, dtype=torch.long)
        self._anchors: Tensor | None = None
        self._codes: Tensor | None = None
        self._statistics = SlotStatistics(len(memory.bank.links))
        if isinstance(memory, PersistentMemory):
            memory.bottleneck.register_forward_hook(self._hold_codes)

    def before_training(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Preserve the optimizer's state, which Avalanche erases in a strategy's first training.

        Without it, a restored optimizer would start from zero.
        """
        if strategy.optimized_param_id is None:
            restored = strategy.optimizer.state_dict()
            strategy.make_optimizer(reset_optimizer_state=True)
            strategy.optimizer.load_state_dict(restored)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Find the slots for dreams, and give the memory the experience's samples.

        Raises:
            UsageError: If the memory can't store the samples.
        """
        self._settled = torch.nonzero(self.memory.bank.settled).flatten()
        try:
            self.memory.expect(*(column.to(strategy.device) for column in samples_of(strategy)))
        except ValueError as error:
            raise UsageError(f"method memnet: {error}") from error

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Append dreams to the mini-batch, with the labels that the graph associates with them."""
        self._anchors = None
        if not isinstance(self.memory, PersistentMemory):
            return
        inputs, labels, *rest = strategy.mbatch
        if rest:
            self._tasks[labels.cpu()] = rest[-1].cpu()
        count = self.memory.config.dreams * len(labels)
        if count == 0 or len(self._settled) == 0:
            return
        chosen = torch.randint(len(self._settled), (count,), generator=self._choice).to(
            self._settled.device
        )
        dreams = self.memory.dream(self._settled[chosen])
        self._anchors = dreams.codes
        strategy.mbatch = [
            torch.cat((inputs, dreams.inputs)),
            torch.cat((labels, dreams.labels)),
            *(torch.cat((column, self._tasks.to(column)[dreams.labels])) for column in rest),
        ]

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the memory's own losses."""
        if not isinstance(self.memory, PersistentMemory):
            return
        assert self._codes is not None
        strategy.loss = strategy.loss + self.memory.objective(
            self.memory.losses(self._codes, strategy.mb_x, strategy.mb_y, self._anchors)
        )

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the new samples to the slots, and sleep if a sleep is due."""
        memory, every = self.memory, self._every
        inputs, labels = (column.to(strategy.device) for column in samples_of(strategy))
        before = int(memory.bank.clock)
        change = memory.meet(inputs, labels)
        clock = int(memory.bank.clock)
        self._statistics.changed(change, clock)
        if not every or clock // every > before // every:
            memory.sleep()
        self._anchors, self._codes = None, None

    def before_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Reset the statistics of reads."""
        self._statistics.begin_reads()

    def after_eval_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Measure the entropy of this mini-batch's first reads."""
        memory = self.memory
        if not bool(memory.bank.occupied.any()):
            return
        if isinstance(memory, PersistentMemory):
            assert self._codes is not None
            found = memory.read(self._codes[:STATISTIC_READS])
        else:
            found = memory.read(strategy.mb_x[:STATISTIC_READS])
        self._statistics.was_read(found.weights)

    def stored_bytes(self) -> int:
        """Return the bytes of slots, edges and statistics, and all data about them."""
        return self.memory.stored_bytes()

    def slot_statistics(self) -> dict[str, JsonValue]:
        """Return occupancy, write rate, read entropy (nats) and sparsity, and slot survival.

        Reads are those of the last evaluation; lifetimes are counted in samples seen.
        """
        return self._statistics.summary(self.memory.bank)

    def state_dict(self) -> dict[str, Any]:
        """Return what resuming needs in addition to the memory's own ``state_dict``.

        See `strategies.continual.checkpointing`.
        """
        memory = self.memory
        return {
            "solution": memory.last_solution() if isinstance(memory, ComplementaryMemory) else None,
            "noise": self.memory.generator.get_state(),
            "choice": self._choice.get_state(),
            "tasks": self._tasks,
            "settled": self._settled,
            "statistics": self._statistics.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        if isinstance(self.memory, ComplementaryMemory):
            self.memory.restore_solution(state["solution"])
        self.memory.generator.set_state(state["noise"])
        self._choice.set_state(state["choice"])
        self._tasks = state["tasks"].clone()
        self._settled = state["settled"].to(self.memory.bank.links.device)
        self._statistics.load_state_dict(state["statistics"])

    def _hold_codes(self, module: Any, inputs: Any, codes: Tensor) -> None:
        """Hold the codes of the forward pass for the losses before the backward pass."""
        self._codes = codes
