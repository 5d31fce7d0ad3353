"""Task-shift streams met once, ten samples at a time, no boundary told.

Who learns from a stream as it comes, and how steadily?

Accuracy is also taken within experiences (worst-case accuracy, stability gap), and a linear probe
tells what the features still hold of what the answers have lost. The profile ``small`` asks it of
the embedded digits alone.
"""

from benchmarks.planning.suite import Member, Suite

METHODS = (
    "naive",
    "er",
    "a-gem",
    "der-plus-plus",
    "er-compressed",
    "latent-replay",
    "er-encoder",
    "memnet",
)
DIGITS = {"online": 10, "track": 10, "probe": True}
MNIST = {"online": 10, "track": 100, "probe": True}

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(benchmark="split-digits", models=("mlp",), methods=METHODS, options=DIGITS),
        Member(benchmark="split-mnist", models=("mlp",), methods=METHODS, options=MNIST),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(benchmark="split-digits", models=("mlp",), methods=METHODS, options=DIGITS),
            ),
        )
    },
)
