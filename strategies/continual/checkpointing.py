"""Resuming a stream from its checkpoint, also within an experience, with the same numbers.

Requirements for a method: each of its plugins has ``state_dict()`` and ``load_state_dict(state)``
(`strategies.common.checkpoint.Stateful`). If training changes more than the model, the optimizer
and the plugins, ``stateful()`` of the strategy returns these parts. ``state_dict()`` is called
between two training steps or two experiences, and returns all that the plugin will use again: its
stored samples, its counters, the state of each generator that it draws from
(``generator.get_state()``), and what it made in ``before_training_exp``. Allowed are tensors,
numbers, texts and None, in dictionaries, lists and tuples. ``load_state_dict`` is called on a new
plugin; within an experience it is called once more after ``before_training_exp``, and overrides it.
A cell whose method has a plugin without these functions starts from the beginning.
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
"""Avalanche's own plugins of every strategy; training does not depend on their state."""


class Resume(SupervisedPlugin[Any]):
    """Writes checkpoints of a strategy, and restores it from one.

    It runs after all other plugins, including Avalanche's clock, so all of them have finished a
    step before it saves their state.

    Args:
        strategy: The strategy.
        checkpoint: Holds its state.
        others: Further parts with a state, by name.

    Attributes:
        trained: Number of experiences whose training is over.
    """

    supports_distributed = True

    def __init__(
        self, strategy: ContinualStrategy, checkpoint: Checkpoint, others: Mapping[str, Stateful]
    ) -> None:
        super().__init__()
        self.trained = 0
        self._checkpoint = checkpoint
        self._parts = strategy_parts(strategy, others)
        self._within: dict[str, Any] | None = None
        self._epochs = strategy.train_epochs
        # The first call of `train` does this too, and would erase the restored state.
        strategy.make_optimizer(reset_optimizer_state=True)
        counters = checkpoint.resume(self._parts)
        if counters is not None:
            self.trained, self._within = counters["trained"], counters["within"]
            place = "within" if self._within else "after"
            number = self.trained + bool(self._within)
            print(
                f"the cell was interrupted: its training continues {place} experience {number}",
                flush=True,
            )
        strategy.plugins.append(self)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Skip the epochs that were trained before the interruption."""
        if self._within is not None:
            strategy.train_epochs = self._epochs - self._within["epoch"]

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Continue within the interrupted experience."""
        if self._within is not None:
            self._checkpoint.resume(self._parts)
            strategy.dataloader.load_state_dict(self._within["feed"])
            strategy.train_epochs, self._within = self._epochs, None

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Save the state within an experience, if a checkpoint is due."""
        if self._checkpoint.due and isinstance(strategy.dataloader, TensorLoader):
            within = {
                "epoch": strategy.clock.train_exp_epochs,
                "feed": strategy.dataloader.state_dict(),
            }
            self._checkpoint.save(self._parts, {"trained": self.trained, "within": within})

    def after_experience(self) -> None:
        """Save the state after an experience, if a checkpoint is due."""
        self.trained += 1
        self._checkpoint.save(self._parts, {"trained": self.trained, "within": None})


class ClockState:
    """The counters of Avalanche's clock as a state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def state_dict(self) -> dict[str, Any]:
        """Return the counters by name."""
        return {name: value for name, value in vars(self._clock).items() if isinstance(value, int)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Set the counters."""
        vars(self._clock).update(state_dict)


def resumable(strategy: ContinualStrategy) -> bool:
    """Return whether every plugin of a strategy can return its state."""
    return all(isinstance(plugin, (Stateful, Clock, *STATELESS)) for plugin in strategy.plugins)


def strategy_parts(
    strategy: ContinualStrategy, others: Mapping[str, Stateful] | None = None
) -> Parts:
    """Return everything that training changes: model, optimizer, plugins and generator.

    Args:
        strategy: The strategy.
        others: Further parts with a state, by name.
    """
    return Parts(
        stateful={**strategy.stateful(), **_stateful_plugins(strategy), **(others or {})},
        generators=(strategy.shuffling,),
    )


def _stateful_plugins(strategy: ContinualStrategy) -> dict[str, Stateful]:
    """Return the plugins with a state, by place and type."""
    found: dict[str, Stateful] = {}
    for place, plugin in enumerate(strategy.plugins):
        name = f"plugin {place} {type(plugin).__name__}"
        if isinstance(plugin, Clock):
            found[name] = ClockState(plugin)
        elif isinstance(plugin, Stateful):
            found[name] = plugin
    return found
