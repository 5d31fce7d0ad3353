"""MemNet as an Avalanche strategy, ready for a script: a model goes in, and is trained with a persistent memory around it."""

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
    """Avalanche's supervised training, with Adam on the cross-entropy, of a model with a persistent memory around it.

    Args:
        model: Inputs in, logits out; see :func:`~strategies.continual.memnet.wrap.remember`.
        shape: Shape of a sample, whose values lie in [0, 1].
        classes: Number of classes.
        config: Options of the memory.
        learning_rate: Adam's.
        seed: Seed of what the memory draws; the order of samples is Avalanche's own and follows the
            global generator.
        plugins: Further Avalanche plugins.
        template: What else Avalanche's template takes: ``train_mb_size``, ``train_epochs``,
            ``eval_mb_size``, ``device``, ``evaluator`` …
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        shape: tuple[int, ...],
        classes: int,
        config: PersistentConfig | None = None,
        learning_rate: float = 1e-3,
        seed: int = 0,
        plugins: Sequence[SupervisedPlugin[Any]] = (),
        **template: Any,
    ) -> None:
        memory = remember(
            model, config or PersistentConfig(), shape=shape, classes=classes, seed=seed
        )
        memory.to(template.get("device", "cpu"))
        super().__init__(
            model=memory,
            optimizer=torch.optim.Adam(memory.parameters(), lr=learning_rate),
            criterion=nn.CrossEntropyLoss(),
            plugins=[MemNetPlugin(memory, seed), *plugins],
            **template,
        )
