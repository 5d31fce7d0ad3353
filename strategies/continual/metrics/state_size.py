"""Size of the state that one sample carries in a stream, in evaluation and in training."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from baselines.interface import ModelOutput, SequenceModel, state_bytes
from strategies.continual.stream import Stream


def evaluation_state_bytes(model: SequenceModel, stream: Stream, device: torch.device) -> int:
    """Return the bytes of the state after one sample, and leave the model in evaluation mode."""
    sample = torch.zeros(1, stream.signature.length, stream.signature.features or 1, device=device)
    with torch.no_grad():
        return state_bytes(model.eval()(sample).state)


class TrainingState:
    """Measures the state that the model returns in training mode, per sample of a mini-batch.

    As on tasks, it is the state after the last step. It stays 0 if training never uses the model's
    forward pass: the methods with a closed form, and those that train on ``features``.

    Args:
        model: The model. Copies of it made later count too.

    Attributes:
        bytes: The peak so far.
    """

    def __init__(self, model: SequenceModel) -> None:
        self.bytes = 0

        # A function: a copy of the model shares it. A method would be copied with its object.
        def measure(module: nn.Module, inputs: tuple[Any, ...], output: ModelOutput) -> None:
            if module.training and len(inputs[0]):
                self.bytes = max(self.bytes, state_bytes(output.state) // len(inputs[0]))

        self._hook = model.register_forward_hook(measure)

    def remove(self) -> None:
        """Stop measuring."""
        self._hook.remove()

    def state_dict(self) -> dict[str, Any]:
        """Return the peak."""
        return {"bytes": self.bytes}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.bytes = state["bytes"]
