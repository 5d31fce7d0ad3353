"""MemNet, a windowed Transformer and an LSTM on what is far away and on what is long ago; a few minutes on two cores."""

from benchmarks.suite import Member, Suite

RIVALS = ("transformer", "lstm")
MODELS = ("memnet", *RIVALS)

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        Member(benchmark="induction", models=MODELS),
        Member(benchmark="delayed-recall", models=MODELS),
        Member(benchmark="split-digits", models=MODELS, methods=("naive",)),
        Member(benchmark="split-digits", models=RIVALS, methods=("er",)),
        Member(benchmark="split-digits", models=("memnet",), methods=("memnet",)),
    ),
)
