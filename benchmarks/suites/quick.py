"""MemNet, a windowed Transformer and an LSTM on long dependencies and task shifts, in minutes.

A first look, not a fair comparison: training is short (sequences of 64 tokens, a hundred steps),
and the baselines would need more of it.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Quick comparison"
OFFICIAL = False

BASELINES = ("transformer", "lstm")
QUICK_MODELS = ("memnet", *BASELINES)

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        Member(
            benchmark="induction",
            models=QUICK_MODELS,
            options={"train_length": 64, "steps": 80, "streams": 40},
        ),
        Member(
            benchmark="delayed-recall",
            models=QUICK_MODELS,
            options={"train_length": 64, "steps": 100, "streams": 16},
        ),
        Member(benchmark="split-digits", models=QUICK_MODELS, methods=("naive",)),
        Member(benchmark="split-digits", models=BASELINES, methods=("er",)),
        Member(benchmark="split-digits", models=("memnet",), methods=("memnet",)),
    ),
)
