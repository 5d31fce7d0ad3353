"""A sequence model as a plain classifier, so that stock criteria, plugins and metrics work on it.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features, ``K`` classes, ``D`` width of the features.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel


class Classifier(nn.Module):
    """Reads a sample and answers at its last step.

    Args:
        model: The sequence model to wrap.
    """

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model
        self._losses: Mapping[str, Tensor] = {}

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B K"]:
        """Return the logits of each sample; every sample starts from the model's initial state and sees no other."""
        last = torch.full((len(inputs), 1), inputs.shape[1] - 1, dtype=torch.long, device=inputs.device)
        output: ModelOutput = self.model(inputs, positions=last)
        self._losses = output.losses
        return output.logits[:, 0]

    def objective(self, task_loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Add the model's auxiliary losses of the last pass, weighed as the model weighs them."""
        return self.model.objective(task_loss, self._losses)
