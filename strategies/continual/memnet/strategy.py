"""MemNet as an Avalanche strategy for a script: it wraps a model in a persistent memory."""

from collections.abc import Sequence
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import nn

from memnet.persistent.config import PersistentConfig
from strategies.continual.memnet.plugin import MemNetPlugin
from strategies.continual.memnet.wrap import remember


class MemNetStrategy(SupervisedTemplate[Any, Any, Any]):
    """Avalanche's supervised training of a model with a persistent memory.

    It uses Adam and the cross-entropy.

    Args:
        model: Maps inputs to logits; None for a memory with a fixed encoder. See
            :func:`~strategies.continual.memnet.wrap.remember`.
        shape: Shape of a sample.
        classes: Number of classes.
        config: Options of the memory; by default a fixed encoder without a model, else a learned
            one.
        learning_rate: Adam's.
        seed: Seed of the memory's draws; the order of samples is Avalanche's own and uses the
            global generator.
        plugins: Further Avalanche plugins.
        value_range: Range of a sample's values; learned from the first samples by default.
        template: Further arguments of Avalanche's template: ``train_mb_size``, ``train_epochs``,
            ``eval_mb_size``, ``device``, ``evaluator`` …
    """

    def __init__(
        self,
        *,
        model: nn.Module | None,
        shape: tuple[int, ...],
        classes: int,
        config: PersistentConfig | None = None,
        learning_rate: float = 1e-3,
        seed: int = 0,
        plugins: Sequence[SupervisedPlugin[Any]] = (),
        value_range: tuple[float, float] | None = None,
        **template: Any,
    ) -> None:
        memory = remember(
            model,
            config or PersistentConfig(encoder="fixed" if model is None else "learned"),
            shape=shape,
            classes=classes,
            seed=seed,
            value_range=value_range,
        )
        memory.to(template.get("device", "cpu"))
        super().__init__(
            model=memory,
            optimizer=torch.optim.Adam(memory.parameters(), lr=learning_rate),
            criterion=nn.CrossEntropyLoss(),
            plugins=[MemNetPlugin(memory, seed), *plugins],
            **template,
        )
