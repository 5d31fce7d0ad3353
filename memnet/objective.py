"""The objective, a weighted sum.

``L = L_task + λ1·(L_hallucination + L_surprise) + λ2·L_utilization + λ3·L_sparsity``
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from memnet.config import MemNetConfig

SMOOTHING = 0.9
"""Weight of the old value in the smoothed task loss, per step."""


class Objective(nn.Module):
    """Weighs the auxiliary losses.

    λ3 is zero until the smoothed task loss has fallen to ``sparsity_onset`` of the guessing loss,
    and then rises linearly: a penalty on writing from the first step closes the gate before
    anything is learned. It is suspended while the task loss exceeds the best smoothed loss so far
    by more than ``sparsity_tolerance`` of the guessing loss, and rises linearly below that. The
    guessing loss is that of an untrained model: ``ln V``, or the mean square of the targets if they
    are numbers.

    Args:
        config: Options.
        outputs: Number of classes V.
    """

    guess: Tensor
    smoothed: Tensor
    best: Tensor

    def __init__(self, config: MemNetConfig, outputs: int) -> None:
        super().__init__()
        self.config = config
        for name in ("guess", "smoothed", "best"):
            self.register_buffer(name, torch.tensor(math.log(max(outputs, 2))))

    def expect(self, targets: Float[Tensor, "B P"]) -> None:
        """Set the guessing loss from numerical targets.

        It is the loss of a model that always returns zero.
        """
        self.guess.copy_(targets.detach().square().mean())

    def forward(
        self, task_loss: Float[Tensor, ""], losses: Mapping[str, Float[Tensor, ""]]
    ) -> Float[Tensor, ""]:
        """Return the total loss; in training, also update the smoothed task loss.

        Args:
            task_loss: Loss of the task.
            losses: Auxiliary losses by name: ``hallucination``, ``surprise``, ``utilization``,
                ``sparsity``; any may be missing.
        """
        if self.training:
            self.smoothed.mul_(SMOOTHING).add_((1.0 - SMOOTHING) * task_loss.detach())
            self.best.copy_(torch.minimum(self.best, self.smoothed))
        weights = {
            "hallucination": self.config.hallucination_weight,
            "surprise": self.config.hallucination_weight,
            "utilization": self.config.utilization_weight,
            "sparsity": self.config.sparsity_weight * self.ramp(float(task_loss.detach())),
        }
        return task_loss + sum(
            (weights[name] * loss for name, loss in losses.items()),
            start=torch.zeros_like(task_loss),
        )

    def ramp(self, task_loss: float) -> float:
        """Return the current share of λ3, from 0 to 1.

        As the loss falls, the share rises slowly, because it follows the smoothed loss. As the loss
        rises, the share falls at once, because it follows the present loss: a gate that has closed
        too far raises the loss long before an average shows it.
        """
        worst = max(float(self.smoothed), task_loss)
        low, patience = (
            share * float(self.guess)
            for share in (self.config.sparsity_onset, self.config.sparsity_tolerance)
        )
        if low <= 0 or patience <= 0:
            return 0.0
        learned = 1.0 - worst / low
        spared = 1.0 - (worst - float(self.best)) / patience
        return max(0.0, min(1.0, learned)) * max(0.0, min(1.0, spared))
