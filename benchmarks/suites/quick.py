"""MemNet, a windowed Transformer and an LSTM on what is far away and on what is long ago.

A few minutes on two cores.

A first look, not a verdict: training is short (sequences of 64 tokens, a hundred steps), which the
rivals would want more of.
"""

from benchmarks.planning.suite import Member, Suite

BASELINES = ("transformer", "lstm")
MODELS = ("memnet", *BASELINES)

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        Member(
            benchmark="induction",
            models=MODELS,
            options={"train_length": 64, "steps": 80, "streams": 40},
        ),
        Member(
            benchmark="delayed-recall",
            models=MODELS,
            options={"train_length": 64, "steps": 100, "streams": 16},
        ),
        Member(benchmark="split-digits", models=MODELS, methods=("naive",)),
        Member(benchmark="split-digits", models=BASELINES, methods=("er",)),
        Member(benchmark="split-digits", models=("memnet",), methods=("memnet",)),
    ),
)
