"""A persistent memory put around a classifier: the model of a strategy that has :class:`~strategies.continual.memnet.plugin.MemNetPlugin`."""

import math

from torch import nn

from memnet.persistent.config import PersistentConfig
from memnet.persistent.memory import PersistentMemory
from memnet.trunk import trunk_of
from results.errors import UsageError
from strategies.common.rng import generator


def remember(
    model: nn.Module,
    config: PersistentConfig,
    *,
    shape: tuple[int, ...],
    classes: int,
    seed: int,
    sample_bytes: int | None = None,
    layer: str | None = None,
) -> PersistentMemory:
    """Put a persistent memory around a classifier.

    Args:
        model: Inputs in, logits out. Its ``features`` are remembered if it offers them (a method,
            and their number as ``width``), else what goes into its last linear layer. What it has
            behind them is not used.
        config: Options of the memory.
        shape: Shape of a sample, whose values lie in [0, 1].
        classes: Number of classes.
        seed: Seed of noise and of the choice of what is kept.
        sample_bytes: Bytes of one raw sample with its label, for a budget that is counted in
            samples; by default a byte per value and one.
        layer: Name of the linear layer to take features from, as in ``model.named_modules()``.

    Raises:
        UsageError: If the budget does not hold a slot per class, or the model has no features to
            remember.
    """
    try:
        fitted = config.fitted(sample_bytes or math.prod(shape) + 1, classes)
        return PersistentMemory(
            trunk_of(model, layer),
            fitted,
            shape=shape,
            classes=classes,
            generator=generator("memory", seed),
        )
    except ValueError as error:
        raise UsageError(f"method memnet: {error}") from error
