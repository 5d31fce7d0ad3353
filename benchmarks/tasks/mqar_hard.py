"""Multi-query associative recall with one pair in four binding a used key; the last value counts.

The rule and the options of `benchmarks.tasks.mqar`, except that its pairs have fewer keys: 64 pairs
bind 48 keys, 16 of them twice. The two pairs of a key are anywhere among the pairs, so a memory
that stores the first value, or averages both, returns the wrong value.
"""

from benchmarks.tasks.mqar import MQAR, Config

VERSION = 1
TITLE = "Multi-query associative recall (MQAR, hard)"
PRIMARY = "accuracy_at_512"
CHANCE = 0.000244140625
CHANCE_GIVEN = {"vocabulary": (8192,)}

REBOUND_EVERY = 4
"""One pair in this many binds the key of another pair."""


class MQARHard(MQAR):
    """The hard MQAR task. Chance among all values is ``2 / vocabulary``."""

    def rebound(self, pairs: int) -> int:
        """Return how many of the pairs bind the key of another pair."""
        return pairs // REBOUND_EVERY


def build(config: Config) -> MQARHard:
    """Build the task."""
    return MQARHard(config)
