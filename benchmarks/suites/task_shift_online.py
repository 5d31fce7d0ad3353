"""Task-shift streams in a single pass, ten samples at a time, without task boundaries.

Accuracy is also measured within experiences (worst-case accuracy, stability gap), and a linear
probe measures what the features retain of forgotten classes. The profile ``small`` runs on the
embedded digits only.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "4"
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
TRANSFORMED_OPTIONS = {"online": 10, "track": 1000}
"""Ten experiences of all images; a probe of each would cost more than the training."""

SUITE = Suite(
    seeds=tuple(range(5)),
    members=(
        Member(
            benchmark="split-digits",
            models=("mlp",),
            methods=ONLINE_METHODS,
            options=DIGITS_OPTIONS,
        ),
        *(
            Member(benchmark=stream, models=("mlp",), methods=ONLINE_METHODS, options=MNIST_OPTIONS)
            for stream in ("split-mnist", "split-fashion-mnist")
        ),
        *(
            Member(
                benchmark=stream,
                models=("mlp",),
                methods=ONLINE_METHODS,
                options=TRANSFORMED_OPTIONS,
            )
            for stream in ("permuted-mnist", "rotated-mnist")
        ),
        Member(
            benchmark="split-mnist-1d",
            models=("mlp",),
            methods=ONLINE_METHODS,
            options=DIGITS_OPTIONS,
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
