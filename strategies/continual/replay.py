"""Experience replay from a reservoir: Avalanche's plugin and buffer, fed by index and drawn from a generator of its own.

Rolnick et al., *Experience replay for continual learning*, NeurIPS 2019; reservoir sampling after Vitter, ACM TOMS 1985: at any time every
sample seen so far is kept with the same chance.
"""

from typing import Any

import torch
from avalanche.training.plugins import ReplayPlugin
from avalanche.training.storage_policy import ReservoirSamplingBuffer

from strategies.continual.feeding import Feed, ReplayFeed, columns_of
from strategies.randomness import generator


class SeededReservoir(ReservoirSamplingBuffer):  # type: ignore[misc]
    """Avalanche's reservoir, with draws that do not depend on what else uses the global generator: the same samples for every model.

    Args:
        max_size: Samples kept.
        seed: Seed of the draws.
    """

    def __init__(self, max_size: int, seed: int) -> None:
        super().__init__(max_size)
        self._draws = generator("reservoir", seed)

    def update_from_dataset(self, new_data: Any) -> None:
        """Offer samples to the reservoir."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=self._draws)))
            super().update_from_dataset(new_data)


class ReservoirReplay(ReplayPlugin):  # type: ignore[misc]
    """Joins each mini-batch with as many samples from the reservoir.

    Args:
        mem_size: Samples kept.
        sample_bytes: Bytes of one kept sample, label included.
        seed: Seed of all draws.
    """

    def __init__(self, mem_size: int, sample_bytes: int, seed: int) -> None:
        super().__init__(mem_size=mem_size, storage_policy=SeededReservoir(mem_size, seed))
        self._sample_bytes = sample_bytes
        self._order = generator("replay order", seed)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Join what is kept to what is new; leave a loader that is not ours to Avalanche."""
        kept = columns_of(self.storage_policy.buffer)
        if isinstance(strategy.dataloader, Feed) and kept is not None:
            strategy.dataloader = ReplayFeed(strategy.dataloader, kept, self._order)
        else:
            super().before_training_exp(strategy, *args, **kwargs)

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the experience's samples to the reservoir."""
        self.storage_policy.post_adapt(strategy, strategy.experience)

    def kept_bytes(self) -> int:
        """Return the bytes of what is kept: raw images as they come, with their labels."""
        return len(self.storage_policy.buffer) * self._sample_bytes
