"""Optional measurements of a stream: within experiences, of the features, and in bits."""

from collections.abc import Mapping

from pydantic import JsonValue

from results.statistics.metrics import bits_metrics, probe_metrics, tracking_metrics
from strategies.common.checkpoint import Stateful
from strategies.common.cost import Stopwatch
from strategies.continual.metrics.accuracy_tracking import AccuracyTracking
from strategies.continual.metrics.bits_matrix import BitsMatrix
from strategies.continual.metrics.linear_probe import LinearProbe
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream


class OptionalMetrics:
    """Makes the measurements that the stream's ``measures`` enable.

    Args:
        stream: The stream.
        strategy: The strategy; tracking and bits become plugins of it.
        train: The stopwatch of the training.
        seed: The cell's seed.
    """

    def __init__(
        self, stream: Stream, strategy: ContinualStrategy, train: Stopwatch, seed: int
    ) -> None:
        self._tracking = (
            AccuracyTracking(stream, stream.measures.track, train, seed)
            if stream.measures.track
            else None
        )
        self._probe = LinearProbe(stream, seed) if stream.measures.probe else None
        self._bits = BitsMatrix() if stream.measures.bits else None
        strategy.plugins.extend(one for one in (self._tracking, self._bits) if one is not None)

    def take(self, strategy: ContinualStrategy) -> None:
        """Measure at the end of an experience."""
        for measure in (self._tracking, self._probe):
            if measure is not None:
                measure.take(strategy)

    def stateful(self) -> dict[str, Stateful]:
        """Return the measures that have a state and are not plugins, by name."""
        return {} if self._probe is None else {"probe": self._probe}

    def metrics(self) -> Mapping[str, float | None]:
        """Return the metrics."""
        found = {} if self._tracking is None else tracking_metrics(self._tracking.rows)
        if self._probe is not None:
            found |= probe_metrics(self._probe.rows)
        if self._bits is not None:
            found |= bits_metrics(self._bits.rows)
        return found

    def curves(self) -> dict[str, JsonValue]:
        """Return the curves ``accuracy_within``, ``probe_matrix`` and ``bits_matrix``.

        The first row of ``bits_matrix`` is from before the first experience.
        """
        curves: dict[str, JsonValue] = {}
        if self._tracking is not None:
            curves["accuracy_within"] = [list(row) for row in self._tracking.rows]
        if self._probe is not None:
            curves["probe_matrix"] = [list(row) for row in self._probe.rows]
        if self._bits is not None:
            curves["bits_matrix"] = [list(row) for row in self._bits.rows]
        return curves
