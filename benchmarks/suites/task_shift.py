"""Task-shift streams × continual-learning methods, including MemNet's persistent memory.

The suite compares three things. Models: MemNet, a Transformer and an LSTM, trained naively and with
replay. Methods: every method on the same MLP. Data: the same on other images, including permuted
and rotated ones. The profile ``small`` compares models and methods on the embedded digits; it takes
at most a quarter of an hour on two cores.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "3"
TITLE = "Task shifts"

MATCHED_MODELS = ("memnet", "transformer[width=56]", "lstm")
"""At matched parameters: 75 to 78 thousand on digits, 77 to 78 thousand on MNIST."""
MATCHED_METHODS = ("naive", "er", "memnet")

REGULARISED = ("ewc", "si", "lwf")
REPLAYED = ("a-gem", "gdumb", "er", "er-ace", "icarl", "der-plus-plus")
EQUAL_BYTES = ("er-compressed", "er-lossy", "latent-replay", "er-encoder")
"""Baselines that store samples in fewer bytes."""
GENERATIVE = ("generative-replay", "generative-classifier")
CLOSED_FORM = ("slda", "ridge", "ridge-slots")
ALL_METHODS = (
    *("naive", "joint", "cumulative"),
    *REGULARISED,
    *REPLAYED,
    *EQUAL_BYTES,
    *GENERATIVE,
    *CLOSED_FORM,
    "memnet",
)
MAIN_METHODS = ("naive", "joint", "er", "ridge", "ridge-slots", "memnet")

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(
            benchmark="split-digits",
            models=MATCHED_MODELS,
            methods=MATCHED_METHODS,
            role="reference",
        ),
        Member(benchmark="split-digits", models=("mlp",), methods=ALL_METHODS),
        Member(
            benchmark="split-mnist",
            models=MATCHED_MODELS,
            methods=MATCHED_METHODS,
            role="reference",
        ),
        Member(benchmark="split-mnist", models=("mlp",), methods=ALL_METHODS),
        Member(benchmark="split-mnist", models=("cnn",), methods=MAIN_METHODS),
        Member(benchmark="split-fashion-mnist", models=("mlp",), methods=ALL_METHODS),
        Member(benchmark="split-fashion-mnist", models=("cnn",), methods=MAIN_METHODS),
        Member(benchmark="permuted-mnist", models=("mlp",), methods=(*MAIN_METHODS, *REGULARISED)),
        Member(benchmark="rotated-mnist", models=("mlp",), methods=(*MAIN_METHODS, *REGULARISED)),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="split-digits",
                    models=MATCHED_MODELS,
                    methods=MATCHED_METHODS,
                    role="reference",
                ),
                Member(benchmark="split-digits", models=("mlp",), methods=ALL_METHODS),
            ),
        )
    },
)
