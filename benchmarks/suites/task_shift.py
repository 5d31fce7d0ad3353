"""Task-shift streams × continual-learning methods, including MemNet's persistent memory.

The suite compares three things. Models: MemNet, a Transformer and an LSTM, trained naively and with
replay. Methods: every method on the same MLP. Data: the same on other images, including permuted
and rotated ones. The profile ``small`` compares models and methods on the embedded digits; it takes
at most a quarter of an hour on two cores.
"""

from benchmarks.planning.suite import Member, Suite

SEQUENCE = ("memnet", "transformer[width=56]", "lstm")
"""At matched parameters: 75 to 78 thousand on digits, 77 to 78 thousand on MNIST."""

REGULARISED = ("ewc", "si", "lwf")
REPLAYED = ("a-gem", "gdumb", "er", "der-plus-plus", "er-compressed", "latent-replay", "er-encoder")
METHODS = ("naive", "joint", "cumulative", *REGULARISED, *REPLAYED, "slda", "memnet")
FEW = ("naive", "joint", "er", "memnet")

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(benchmark="split-digits", models=SEQUENCE, methods=("naive", "er", "memnet")),
        Member(benchmark="split-digits", models=("mlp",), methods=METHODS),
        Member(benchmark="split-mnist", models=SEQUENCE, methods=("naive", "er", "memnet")),
        Member(benchmark="split-mnist", models=("mlp",), methods=METHODS),
        Member(benchmark="split-mnist", models=("cnn",), methods=FEW),
        Member(benchmark="split-fashion-mnist", models=("mlp",), methods=METHODS),
        Member(benchmark="split-fashion-mnist", models=("cnn",), methods=FEW),
        Member(benchmark="permuted-mnist", models=("mlp",), methods=(*FEW, *REGULARISED)),
        Member(benchmark="rotated-mnist", models=("mlp",), methods=(*FEW, *REGULARISED)),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="split-digits", models=SEQUENCE, methods=("naive", "er", "memnet")
                ),
                Member(benchmark="split-digits", models=("mlp",), methods=METHODS),
            ),
        )
    },
)
