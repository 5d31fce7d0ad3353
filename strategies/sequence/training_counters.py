"""What the steps of a training measured so far; a checkpoint stores it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Counters:
    """What the steps so far measured.

    Attributes:
        done: Number of steps.
        points: The training loss as ``(step, loss)``.
        since: The losses since the last point.
        bytes: Peak size of the state of one training sequence.
    """

    done: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)
    since: list[float] = field(default_factory=list)
    bytes: int = 0

    def count(self, loss: float, size: int) -> int:
        """Add a step, and return the number of steps."""
        self.done += 1
        self.bytes = max(self.bytes, size)
        self.since.append(loss)
        return self.done

    def add_point(self) -> None:
        """Add the mean loss since the last point."""
        self.points.append((float(self.done), sum(self.since) / len(self.since)))
        self.since.clear()

    def state_dict(self) -> dict[str, Any]:
        """Return the counters by name."""
        return {
            "done": self.done,
            "points": self.points,
            "since": self.since,
            "bytes": self.bytes,
        }
