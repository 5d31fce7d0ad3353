"""The trunk of the persistent memory: the module that reads a sample.

It is a model with a method ``features``, or any classifier; the features of a classifier are the
inputs of its last linear layer.

Legend: ``B`` batch, ``D`` width of the features.
"""

from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Trunk(Protocol):
    """Module that reads a sample: an ``nn.Module`` with a width ``D``."""

    width: int

    def features(
        self, inputs: Float[Tensor, "B ..."], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Return the features of each sample."""


class Penultimate(nn.Module):
    """The features of any classifier: the inputs of its last linear layer, which makes its logits.

    Args:
        model: The classifier: samples in, logits out.
        layer: Name of the layer, as in ``model.named_modules()``; without it, the last
            ``nn.Linear`` in that order.

    Raises:
        ValueError: If there is no such layer.
    """

    def __init__(self, model: nn.Module, layer: str | None = None) -> None:
        super().__init__()
        linear = {
            name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)
        }
        if not linear:
            raise ValueError(
                f"{type(model).__name__} has no linear layer to take features from: give it a "
                "width and a method features"
            )
        if layer is not None and layer not in linear:
            raise ValueError(
                f"{type(model).__name__} has no linear layer {layer!r}: choose one of "
                f"{', '.join(linear)}"
            )
        self.model = model
        last = linear[layer] if layer is not None else list(linear.values())[-1]
        self.width = last.in_features
        self._entering: list[Tensor] = []
        last.register_forward_pre_hook(self._remember)

    def features(
        self, inputs: Float[Tensor, "B ..."], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Run the classifier and return the layer's input, at the last step if there are several.

        Raises:
            RuntimeError: If the classifier did not run the layer.
        """
        self._entering.clear()
        self.model(inputs)
        if not self._entering:
            raise RuntimeError(
                f"{type(self.model).__name__} returned without running its linear layer: name the "
                "layer that makes its logits"
            )
        return self._entering.pop().reshape(len(inputs), -1, self.width)[:, -1]

    def _remember(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        # Only the last input: a classifier in training runs many times between two reads.
        self._entering[:] = [inputs[0]]


def trunk_of(model: nn.Module, layer: str | None = None) -> nn.Module:
    """Return a model that has ``features`` and ``width``, or a trunk around any other one."""
    offers = (
        layer is None
        and callable(getattr(model, "features", None))
        and isinstance(getattr(model, "width", None), int)
    )
    return model if offers else Penultimate(model, layer)
