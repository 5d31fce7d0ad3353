"""The bytes of a method: what it stores of past samples, and the parameters of its networks.

One rule holds for all methods. Samples, codes, statistics and numbers per weight (EWC, SI) are
stored bytes. Networks are parameters, trained or frozen: the model, an earlier copy of it (LwF,
iCaRL), a generator. What a seed regenerates is named (`strategies.common.cost.regenerated_bytes`).
The optimizer's state and the order of samples do not count.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import nn

from strategies.common.cost import regenerated_bytes


@runtime_checkable
class StoresPast(Protocol):
    """A plugin that stores something of past experiences."""

    def stored_bytes(self) -> int:
        """Return the stored bytes, with everything needed to use them."""


@runtime_checkable
class HasNetworks(Protocol):
    """A plugin with networks that are not part of the strategy's model."""

    def networks(self) -> Sequence[nn.Module]:
        """Return the networks."""


def stored_bytes(strategy: Any) -> int:
    """Return the bytes that the plugins of a strategy store of past samples."""
    return sum(
        plugin.stored_bytes() for plugin in strategy.plugins if isinstance(plugin, StoresPast)
    )


def networks(strategy: Any) -> nn.ModuleList:
    """Return the model of a strategy and the networks of its plugins."""
    own = [plugin.networks() for plugin in strategy.plugins if isinstance(plugin, HasNetworks)]
    return nn.ModuleList([strategy.model, *(network for found in own for network in found)])


def parameter_bytes(strategy: Any) -> int:
    """Return the bytes of all parameters, without those that the seed regenerates."""
    everything = networks(strategy)
    parameters: int = sum(parameter.nbytes for parameter in everything.parameters())
    return parameters - regenerated_bytes(everything)
