"""Avalanche's supervised strategy with a faster data loader and a cheaper evaluator.

The training loop, its callbacks and its plugins are Avalanche's own. Two things differ: if the data
are tensors, mini-batches are taken from them by index, in an order drawn from a generator of the
seed; and the evaluator is the accuracy matrix, which copies nothing.
"""

from collections.abc import Sequence
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from strategies.common.checkpoint import Stateful
from strategies.common.rng import generator
from strategies.continual.classifier import Classifier, MultiHeadClassifier, among_heads
from strategies.continual.dataloader import TensorLoader, columns_of
from strategies.continual.metrics.accuracy_matrix import AccuracyMatrix
from strategies.continual.metrics.example_counter import ExampleCounter
from strategies.continual.stream import Stream

EVALUATION_BATCH = 512
"""Samples evaluated at a time. It affects speed alone, since every sample is read independently."""


class ContinualStrategy(SupervisedTemplate[Any, Any, Any]):
    """Supervised training on a `Stream` with Adam and the cross-entropy.

    Args:
        model: Returns logits ``[B, K]`` for inputs ``[B, T, F]``.
        stream: Provides the schedule and, in the *task* scenario, the classes of each task.
        learning_rate: Adam's.
        seed: Seed of the order of samples.
        device: Where to train.
        plugins: Avalanche plugins.
        trains_once: Whether the method trains once, on all experiences together, with one
            evaluation after it.

    Attributes:
        examples: Counts the samples trained on.
    """

    evaluator: AccuracyMatrix

    def __init__(
        self,
        *,
        model: nn.Module,
        stream: Stream,
        learning_rate: float,
        seed: int,
        device: torch.device,
        plugins: Sequence[SupervisedPlugin[Any]] = (),
        trains_once: bool = False,
    ) -> None:
        model.to(device)
        # A model without parameters has an optimizer of nothing: Adam refuses an empty list.
        parameters = list(model.parameters()) or [nn.Parameter(torch.zeros(0, device=device))]
        self.examples = ExampleCounter()
        super().__init__(
            model=model,
            optimizer=torch.optim.Adam(parameters, lr=learning_rate),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=stream.schedule.batch_size,
            train_epochs=1
            if stream.schedule.iterations or stream.schedule.online
            else stream.schedule.epochs,
            eval_mb_size=EVALUATION_BATCH,
            device=device,
            plugins=[*plugins, self.examples],
            evaluator=AccuracyMatrix(),
        )
        self.trains_once = trains_once
        self.shuffling = generator("order of samples", seed)
        self._schedule = stream.schedule
        heads = None if isinstance(model, MultiHeadClassifier) else stream.heads
        self._heads = None if heads is None else heads.to(device)

    def stateful(self) -> dict[str, Stateful]:
        """Return what training changes, without the plugins, by name, for checkpoints."""
        return {"model": self.model, "optimizer": self.optimizer}

    def forward(self) -> Tensor:
        """Return the logits of the mini-batch.

        In the *task* scenario the classes of other tasks are masked, unless the model does it.
        """
        logits: Tensor = super().forward()
        return logits if self._heads is None else among_heads(logits, self._heads, self.mb_task_id)

    def criterion(self) -> Tensor:
        """Return the loss: the cross-entropy and, in training, the model's auxiliary losses."""
        loss: Tensor = super().criterion()
        return (
            self.model.objective(loss)
            if self.is_training and isinstance(self.model, Classifier)
            else loss
        )

    def make_train_dataloader(self, *args: Any, **kwargs: Any) -> None:
        """Feed the adapted data set by index in an order drawn from the seed.

        Data that are not tensors use Avalanche's loader.
        """
        columns = columns_of(self.adapted_dataset)
        if columns is None:
            super().make_train_dataloader(*args, **kwargs)
        else:
            self.dataloader = TensorLoader(
                columns, self.train_mb_size, self.shuffling, self._schedule.iterations
            )

    def make_eval_dataloader(self, *args: Any, **kwargs: Any) -> None:
        """Feed the adapted data set by index in its own order.

        Data that are not tensors use Avalanche's loader.
        """
        columns = columns_of(self.adapted_dataset)
        if columns is None:
            super().make_eval_dataloader(*args, **kwargs)
        else:
            self.dataloader = TensorLoader(columns, self.eval_mb_size, None)
