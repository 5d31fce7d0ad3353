"""Forgetting dynamics: what a memory stores of more facts than it can hold, against policies.

The task `worth-remembering` with MemNet, learned and fixed retention, the baselines, and caches.
The hit rates of LRU, LFU, FIFO, random replacement, LRU behind a filter on the context, and
Bélády's optimum are metrics of the task, with as many slots as MemNet.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Forgetting dynamics"

MEMNET = (
    "memnet[age_weight=0.1,dreaming=false,heads=1,hebbian=false,retention=learned,serial=false,"
    "slots=16,usage_weight=0]",
    "memnet[dreaming=false,heads=1,hebbian=false,serial=false,slots=16]",
)
TRAINED_BASELINES = ("lstm", "gru", "delta-rule", "gated-delta-rule", "transformer")
CONTROLS_OF_16_SLOTS = ("bigram", "key-value-store[slots=16]", "token-memory[slots=16]")

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(benchmark="worth-remembering", models=("memnet", *MEMNET)),
        Member(benchmark="worth-remembering", models=(*TRAINED_BASELINES, *CONTROLS_OF_16_SLOTS)),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="worth-remembering",
                    models=(*MEMNET, "gru", *CONTROLS_OF_16_SLOTS),
                    options={"steps": 100, "streams": 8},
                ),
            ),
        )
    },
)
