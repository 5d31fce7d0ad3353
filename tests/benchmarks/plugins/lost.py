"""A stream whose data are missing."""

from results.errors import UsageError

KIND = "stream"
PRIMARY = "accuracy"
CHANCE = 0.1
FILES = ("lost.npz",)


def prepare(data_root):
    raise UsageError(
        f"the data of 'lost' is not in {data_root} and can't be downloaded; put lost.npz there"
    )


def build(config, *, seed, data_root):
    raise AssertionError("prepare() refuses first")
