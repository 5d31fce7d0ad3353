"""Which parameters have weight decay: matrices and larger tensors alone.

Norms, biases and other vectors have none, for every model (Radford et al. 2019 and most published
training code since). A module can name further parameters of its own that have none in an attribute
``undecayed_parameters``, as published code of Mamba does for A and the skip (Gu & Dao 2023).
"""

from typing import Any

from torch import nn

WEIGHT_DECAY = 0.01
"""Weight decay of matrices."""


def parameter_groups(model: nn.Module) -> list[dict[str, Any]]:
    """Return the parameter groups of an optimizer: with weight decay, then without.

    Args:
        model: The model.

    Returns:
        The groups that have parameters; each parameter is in one group, in the model's order.

    Raises:
        AttributeError: If a module names a parameter that it does not have.
    """
    named = {
        getattr(module, name)
        for module in model.modules()
        for name in getattr(module, "undecayed_parameters", ())
    }
    decayed = [one for one in model.parameters() if one.dim() > 1 and one not in named]
    undecayed = [one for one in model.parameters() if one.dim() <= 1 or one in named]
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAY},
        {"params": undecayed, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
