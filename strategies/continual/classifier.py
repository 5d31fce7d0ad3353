"""A sequence model as a plain classifier, so that stock criteria, plugins and metrics work on it.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features, ``K`` classes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.models.dynamic_modules import MultiTaskModule
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from baselines.interface import SequenceModel, require_output
from memnet.feature_trunk import trunk_of
from results.errors import UsageError
from strategies.continual.stream import Stream

CLOSED = -1e4
"""Logit of an output outside the sample's task. Its softmax is zero. It is finite, so differences
of logits are finite too.
"""


class Classifier(nn.Module):
    """Reads a sample and returns the logits of its last step.

    Args:
        model: The sequence model to wrap.
    """

    transient_attributes = ("_losses",)

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model
        self._losses: Mapping[str, Tensor] = {}

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B K"]:
        """Return the logits of each sample.

        Every sample starts from the model's initial state.
        """
        last = torch.full(
            (len(inputs), 1), inputs.shape[1] - 1, dtype=torch.long, device=inputs.device
        )
        output = require_output(self.model(inputs, positions=last))
        self._losses = output.losses
        return output.logits[:, 0]

    def objective(self, task_loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Add the model's auxiliary losses of the last pass, with the model's weights."""
        return self.model.objective(task_loss, self._losses)


class MultiHeadClassifier(Classifier, MultiTaskModule):
    """Answers among the classes of the sample's task, with one head per task.

    The heads are disjoint rows of one layer. Avalanche treats it as a module with task labels, so
    plugins that run the model themselves (EWC, LwF) pass task labels to it.

    Args:
        model: The sequence model to wrap.
        heads: Mask of the outputs of each task.
    """

    heads: Tensor

    def __init__(self, model: SequenceModel, heads: Bool[Tensor, "tasks K"]) -> None:
        super().__init__(model)
        self.register_buffer("heads", heads, persistent=False)

    def forward(
        self, inputs: Float[Tensor, "B T F"], task_labels: Int[Tensor, "B"] | None = None
    ) -> Any:
        """Return the logits ``[B, K]`` of each sample, with the classes of other tasks masked.

        Without task labels, return such logits for each task, by task.
        """
        logits = super().forward(inputs)
        if task_labels is None:
            return {task: logits.masked_fill(~head, CLOSED) for task, head in enumerate(self.heads)}
        return among_heads(logits, self.heads, task_labels)

    def adaptation(self, experience: object) -> None:
        """Do nothing: all heads exist from the start."""


def among_heads(
    logits: Float[Tensor, "B K"], heads: Bool[Tensor, "tasks K"], tasks: Int[Tensor, "B"]
) -> Float[Tensor, "B K"]:
    """Mask the outputs outside each sample's task with `CLOSED`."""
    return logits.masked_fill(~heads[tasks], CLOSED)


def classifier(model: SequenceModel, stream: Stream) -> Classifier:
    """Wrap a model for a stream, with a head per task in the *task* scenario."""
    return Classifier(model) if stream.heads is None else MultiHeadClassifier(model, stream.heads)


def trunk(model: SequenceModel) -> nn.Module:
    """Return a module with ``features`` and their ``width``.

    It is the model itself, or a wrapper that returns the input of the last linear layer at the last
    step.

    Raises:
        UsageError: If the model has no such layer.
    """
    try:
        return model if hasattr(model, "features") else trunk_of(Classifier(model))
    except ValueError as error:
        raise UsageError(str(error)) from error
