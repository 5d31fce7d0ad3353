"""Split Digits with a checkpoint at every step."""

from benchmarks.streams.split_digits import Config, build, prepare

__all__ = ["CHANCE", "KIND", "PRIMARY", "VERSION", "Config", "build", "prepare"]

KIND = "stream"
VERSION = 1
PRIMARY = "accuracy"
CHANCE = 0.1


def _checkpoint_every_step() -> None:
    from strategies.common import checkpoint

    checkpoint.EVERY = 0.0


_checkpoint_every_step()
