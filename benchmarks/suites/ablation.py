"""MemNet without one mechanism at a time: the effect of each on every task."""

from benchmarks.planning.suite import Member, Suite

VERSION = "3"
TITLE = "Ablations of MemNet"

WITHOUT = (
    "memnet",
    "memnet[hebbian=false]",
    "memnet[dreaming=false]",
    "memnet[meta_policy=false]",
    "memnet[hallucination=false]",
    "memnet[surprise=false]",
    "memnet[serial=false]",
    "memnet[sparsity_weight=0]",
    "memnet[utilization_weight=0]",
    "memnet[key_taps=1]",
    "memnet[hops=1]",
)

MQAR_OPTIONS = {"mixed": False, "batch_size": 16}

PERSISTENT_WITHOUT = (
    "memnet",
    "memnet[dreams=0]",
    "memnet[surprise=false]",
    "memnet[correction=0]",
    "memnet[encoder=learned]",
)
"""Ablations of the persistent memory.

In order: dreams, that look at the slots again; writing by surprise; reading the slots for a
prediction; and the memory of statistics, instead of which an encoder is learned.
"""

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        *(
            Member(benchmark=task, models=WITHOUT, role="ablation")
            for task in (
                "induction",
                "delayed-recall",
                "association",
                "association-hard",
                "copy",
                "adding",
            )
        ),
        Member(benchmark="mqar", models=WITHOUT, options=MQAR_OPTIONS, role="ablation"),
        Member(
            benchmark="split-digits",
            models=("mlp",),
            methods=PERSISTENT_WITHOUT,
            role="ablation",
        ),
    ),
)
