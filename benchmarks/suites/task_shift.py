"""Task-shift streams × continual-learning methods, including MemNet's persistent memory.

The suite compares three things. Models: MemNet, a Transformer, an LSTM and an MLP on every stream,
each trained naively, with replay, and with MemNet's memory around it. Methods: every method on the
same MLP. Data: digits, other images, permuted and rotated ones, sequences and text. Its scenario
is each stream's own: class-incremental, and domain-incremental where the experiences share their
labels; `task-shift-domain` and `task-shift-task` have the others. The profile ``small`` compares
models and methods on the embedded digits, and models on generated sequences; it takes at most a
quarter of an hour on two cores.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "4"
TITLE = "Task shifts"

MATCHED_MODELS = ("memnet", "transformer[width=56]", "lstm")
"""At matched parameters: 75 to 78 thousand on digits, 77 to 78 thousand on MNIST."""
MATCHED_METHODS = ("naive", "er", "memnet[encoder=learned]")
TEXT_METHODS = ("naive", "er[mem_size=2000]", "memnet[encoder=learned,mem_size=2000]")
"""Windows of text are small: 2,000 of them take 66 kB."""

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


def _models_of(
    stream: str,
    models: tuple[str, ...] = MATCHED_MODELS,
    methods: tuple[str, ...] = MATCHED_METHODS,
) -> Member:
    """Compare models, each alone, with replay and with MemNet's memory around it."""
    return Member(benchmark=stream, models=models, methods=methods, role="reference")


SUITE = Suite(
    seeds=tuple(range(5)),
    members=(
        *map(
            _models_of,
            (
                "split-digits",
                "split-mnist",
                "split-fashion-mnist",
                "permuted-mnist",
                "rotated-mnist",
                "split-mnist-1d",
            ),
        ),
        _models_of("text-domains", (*MATCHED_MODELS, "mlp"), TEXT_METHODS),
        Member(benchmark="split-digits", models=("mlp",), methods=ALL_METHODS),
        Member(benchmark="split-mnist", models=("mlp",), methods=ALL_METHODS),
        Member(benchmark="split-mnist", models=("cnn",), methods=MAIN_METHODS),
        Member(benchmark="split-fashion-mnist", models=("mlp",), methods=ALL_METHODS),
        Member(benchmark="split-fashion-mnist", models=("cnn",), methods=MAIN_METHODS),
        Member(benchmark="permuted-mnist", models=("mlp",), methods=(*MAIN_METHODS, *REGULARISED)),
        Member(benchmark="rotated-mnist", models=("mlp",), methods=(*MAIN_METHODS, *REGULARISED)),
        Member(benchmark="split-mnist-1d", models=("mlp",), methods=ALL_METHODS),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                _models_of("split-digits"),
                Member(benchmark="split-digits", models=("mlp",), methods=ALL_METHODS),
                Member(
                    benchmark="split-mnist-1d",
                    models=(*MATCHED_MODELS, "mlp"),
                    methods=MATCHED_METHODS,
                    options={"epochs": 2},
                    role="reference",
                ),
            ),
        )
    },
)
