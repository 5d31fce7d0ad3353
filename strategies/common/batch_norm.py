"""Batch normalisation with mini-batches of one sample.

In training, batch normalisation (Ioffe & Szegedy 2015) needs more than one value per channel, and
torch refuses a single one. Such mini-batches occur: the rest of an experience, ``batch_size=1``,
``online=1``. A normalisation layer then uses its running statistics, as in evaluation, and does not
update them. Models without such a layer are unaffected.
"""

from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from results.errors import UsageError


def allow_single_samples(model: nn.Module) -> None:
    """Make a model's batch normalisation layers accept mini-batches of one sample in training.

    A line in the cell's log reports it.

    Raises:
        UsageError: If a layer has no running statistics: its answers in evaluation would depend on
            the other samples of the mini-batch.
    """
    layers = _layers(model)
    for layer in layers:
        if layer.running_mean is None:
            raise UsageError(
                f"{type(layer).__name__} without running statistics makes an answer depend on the "
                "other samples of its mini-batch: set track_running_stats=True"
            )
        layer.register_forward_pre_hook(_use_running_statistics)
        layer.register_forward_hook(_return_to_training, always_call=True)
    if layers:
        print(
            "batch normalisation uses its running statistics for mini-batches of one sample",
            flush=True,
        )


def freeze_statistics(model: nn.Module) -> None:
    """Use the running statistics, unchanged, until the model is set to training again."""
    for layer in _layers(model):
        layer.eval()


def _layers(model: nn.Module) -> list[_BatchNorm]:
    return [module for module in model.modules() if isinstance(module, _BatchNorm)]


def _use_running_statistics(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Switch a layer to evaluation if its input has one value per channel."""
    if layer.training and inputs[0].numel() == inputs[0].shape[1]:
        layer.eval()
        vars(layer)["single"] = True


def _return_to_training(layer: nn.Module, inputs: Any, outputs: Any) -> None:
    """Switch the layer back."""
    if vars(layer).pop("single", False):
        layer.train()
