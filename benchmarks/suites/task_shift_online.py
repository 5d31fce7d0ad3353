"""Task-shift streams in a single pass, ten samples at a time, without task boundaries.

Accuracy is also measured within experiences (worst-case accuracy, stability gap), and a linear
probe measures what the features retain of forgotten classes. The profile ``small`` runs on the
embedded digits only.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "3"
TITLE = "Task shifts online"

ONLINE_METHODS = (
    "naive",
    "er",
    "er-ace",
    "a-gem",
    "der-plus-plus",
    "er-compressed",
    "latent-replay",
    "er-encoder",
    "slda",
    "ridge",
    "ridge-slots",
    "memnet",
)
DIGITS_OPTIONS = {"online": 10, "track": 10, "probe": True}
MNIST_OPTIONS = {"online": 10, "track": 100, "probe": True}

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(
            benchmark="split-digits",
            models=("mlp",),
            methods=ONLINE_METHODS,
            options=DIGITS_OPTIONS,
        ),
        Member(
            benchmark="split-mnist", models=("mlp",), methods=ONLINE_METHODS, options=MNIST_OPTIONS
        ),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="split-digits",
                    models=("mlp",),
                    methods=ONLINE_METHODS,
                    options=DIGITS_OPTIONS,
                ),
            ),
        )
    },
)
