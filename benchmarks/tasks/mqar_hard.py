"""Multi-query associative recall where one pair in four binds the key of another pair again.

The last value counts.

The rule and the options of `benchmarks.tasks.mqar`, except that its pairs hold fewer keys: 64 pairs
bind 48 keys, 16 of them twice. The two pairs of a key stand anywhere among the pairs, so a memory
that keeps what it met first, or averages, gives the wrong value.
"""

from benchmarks.tasks.mqar import MQAR, Config

VERSION = 1
PRIMARY = "accuracy_at_512"
CHANCE = 0.000244140625
CHANCE_GIVEN = {"vocabulary": (8192,)}

AGAIN = 4
"""One pair in so many binds a key again."""


class MQARHard(MQAR):
    """The task. Guessing among all values gives ``2 / vocabulary``."""

    def again(self, pairs: int) -> int:
        """Return how many of the pairs bind the key of another pair again."""
        return pairs // AGAIN


def build(config: Config) -> MQARHard:
    """Build the task."""
    return MQARHard(config)
