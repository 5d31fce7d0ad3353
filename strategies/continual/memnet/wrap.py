"""A classifier wrapped in a persistent memory, for a strategy with the `MemNetPlugin`."""

import math

from torch import nn

from memnet.feature_trunk import trunk_of
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.config import PersistentConfig
from memnet.persistent.memory import PersistentMemory
from results.errors import UsageError
from strategies.common.rng import generator

Memory = ComplementaryMemory | PersistentMemory
"""Either persistent memory."""


def remember(
    model: nn.Module | None,
    config: PersistentConfig,
    *,
    shape: tuple[int, ...],
    classes: int,
    seed: int,
    sample_bytes: int | None = None,
    layer: str | None = None,
    value_range: tuple[float, float] | None = None,
) -> Memory:
    """Wrap a classifier in a persistent memory.

    Args:
        model: Maps inputs to logits. With ``encoder="learned"`` the memory stores its ``features``
            if it has them (a method, with their number as ``width``), else the inputs of its last
            linear layer; later layers are not used. With ``encoder="fixed"`` the memory reads the
            samples themselves, and the model must be None.
        config: Options of the memory.
        shape: Shape of a sample.
        classes: Number of classes.
        seed: Seed of noise and of the choice of stored samples.
        sample_bytes: Bytes of one raw sample with its label, for a budget in samples; by default
            a byte per value and one.
        layer: Name of the linear layer whose inputs are the features, as in
            ``model.named_modules()``.
        value_range: ``(low, high)``, the values of a sample that the memory scales to 0 and 1 for
            its decoder, such as ``(-0.43, 2.83)`` for normalised MNIST. By default the memory
            learns them from the first training samples, and logs a warning if they are not in
            [0, 1]. The model itself reads samples unchanged.

    Raises:
        UsageError: If the budget does not hold a slot per class, the model has no features, the
            range is empty, or there is a model with a fixed encoder or none with a learned one.
    """
    if (model is None) != (config.encoder == "fixed"):
        raise UsageError(
            "a memory around a model needs PersistentConfig(encoder='learned'); "
            "encoder='fixed', the default, reads the samples themselves: give None as the model"
        )
    try:
        fitted = config.fitted(sample_bytes or math.prod(shape) + 1, classes, shape)
        draws = generator("memory", seed)
        if model is None:
            return ComplementaryMemory(fitted, shape=shape, classes=classes, generator=draws)
        return PersistentMemory(
            trunk_of(model, layer),
            fitted,
            shape=shape,
            classes=classes,
            generator=draws,
            value_range=value_range,
        )
    except ValueError as error:
        raise UsageError(f"method memnet: {error}") from error
