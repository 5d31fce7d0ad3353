"""A stream that was cut short goes on from its checkpoint, within an experience too, and ends in the numbers of one that was not.

What a method has to do for it: each of its plugins has ``state_dict()`` and
``load_state_dict(state)`` (`strategies.common.checkpoint.Stateful`), and a strategy that changes
more than its model, its optimiser and its plugins names it in ``stateful()``. ``state_dict()`` is
asked between two steps of training, or between two experiences, and returns all that the plugin
will ever use again: what it keeps, its counters, the state of each generator that it draws from
(``generator.get_state()``), and what it made in ``before_training_exp``; tensors, numbers, texts
and None, in dictionaries, lists and tuples. ``load_state_dict`` is called on a plugin that was
built anew; in mid-experience once more, after ``before_training_exp`` was called for that
experience, and has the last word. A method with a plugin that can't do this starts anew.
"""

from collections.abc import Mapping
from typing import Any

from avalanche.core import SupervisedPlugin
from avalanche.training.plugins.clock import Clock
from avalanche.training.plugins.evaluation import EvaluationPlugin
from avalanche.training.templates.base_sgd import PeriodicEval

from strategies.common.checkpoint import Checkpoint, Parts, Stateful
from strategies.continual.dataloader import TensorLoader
from strategies.continual.strategy import ContinualStrategy

STATELESS = (PeriodicEval, EvaluationPlugin)
"""Avalanche's own plugins in every strategy that keep nothing which training depends on."""


class Resume(SupervisedPlugin[Any]):
    """Keeps a checkpoint of a strategy, and brings it back to where the checkpoint was written.

    It puts itself behind all other plugins, Avalanche's clock included, so that a step is over for
    all of them when it keeps their state.

    Args:
        strategy: What is trained.
        checkpoint: Where its state is kept.
        others: Further parts with a state, by name.

    Attributes:
        trained: How many experiences were trained on, to their end.
    """

    supports_distributed = True

    def __init__(
        self, strategy: ContinualStrategy, checkpoint: Checkpoint, others: Mapping[str, Stateful]
    ) -> None:
        super().__init__()
        self.trained = 0
        self._checkpoint = checkpoint
        self._parts = Parts(
            stateful={**strategy.stateful(), **_plugins(strategy), **others},
            generators=(strategy.shuffling,),
        )
        self._within: dict[str, Any] | None = None
        self._epochs = strategy.train_epochs
        strategy.make_optimizer(
            reset_optimizer_state=True
        )  # as its first training would, and then no more: it empties what is restored
        counters = checkpoint.resume(self._parts)
        if counters is not None:
            self.trained, self._within = counters["trained"], counters["within"]
            print(
                f"goes on {'within' if self._within else 'after'} experience {self.trained + bool(self._within)}",
                flush=True,
            )
        strategy.plugins.append(self)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Leave out the passes that were made before."""
        if self._within is not None:
            strategy.train_epochs = self._epochs - self._within["epoch"]

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Go on within the experience that was cut short."""
        if self._within is not None:
            self._checkpoint.resume(self._parts)
            strategy.dataloader.load_state_dict(self._within["feed"])
            strategy.train_epochs, self._within = self._epochs, None

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Keep the state within an experience, if it is time to."""
        if self._checkpoint.due and isinstance(strategy.dataloader, TensorLoader):
            within = {
                "epoch": strategy.clock.train_exp_epochs,
                "feed": strategy.dataloader.state_dict(),
            }
            self._checkpoint.keep(self._parts, {"trained": self.trained, "within": within})

    def between(self) -> None:
        """Keep the state after an experience, if it is time to."""
        self.trained += 1
        self._checkpoint.keep(self._parts, {"trained": self.trained, "within": None})


class Counters:
    """The counters of Avalanche's clock, as a state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def state_dict(self) -> dict[str, Any]:
        """Return them by name."""
        return {name: value for name, value in vars(self._clock).items() if isinstance(value, int)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Set them."""
        vars(self._clock).update(state_dict)


def resumable(strategy: ContinualStrategy) -> bool:
    """Say whether every plugin of a strategy can tell its state."""
    return all(isinstance(plugin, (Stateful, Clock, *STATELESS)) for plugin in strategy.plugins)


def _plugins(strategy: ContinualStrategy) -> dict[str, Stateful]:
    """Return what has a state among the plugins, by place and type."""
    found: dict[str, Stateful] = {}
    for place, plugin in enumerate(strategy.plugins):
        name = f"plugin {place} {type(plugin).__name__}"
        if isinstance(plugin, Clock):
            found[name] = Counters(plugin)
        elif isinstance(plugin, Stateful):
            found[name] = plugin
    return found
