"""MemNet without one mechanism at a time: what does each of them cost, on which task?"""

from benchmarks.planning.suite import Member, Suite

WITHOUT = (
    "memnet",
    "memnet[hebbian=false]",
    "memnet[dreaming=false]",
    "memnet[meta_policy=false]",
    "memnet[hallucination=false]",
    "memnet[serial=false]",
    "memnet[sparsity_weight=0]",
    "memnet[utilization_weight=0]",
    "memnet[key_taps=1]",
    "memnet[training_slots=1]",
    "memnet[hops=1]",
)

SLIM = "chunk=32,heads=1,hebbian=false,slots=144"
FULL_WITHOUT = (
    f"memnet[{SLIM}]",
    *(
        f"memnet[{SLIM},{change}]"
        for change in ("key_taps=1", "training_slots=1", "meta_policy=false", "sparsity_weight=0")
    ),
)
"""The same where the memory is full: as many pairs as `mqar` asks at its length leave few of its slots free, and the graph is off."""

KEPT_WITHOUT = (
    "memnet",
    "memnet[dreams=0]",
    "memnet[reconstruction_weight=0]",
    "memnet[neighbour_weight=0]",
    "memnet[anchor_weight=0]",
    "memnet[trust=0]",
)
"""The persistent memory without dreams, without hallucination, without what brings like samples together, without what holds dreams to
their codes, and without reading it for an answer.
"""

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        *(
            Member(benchmark=task, models=WITHOUT)
            for task in (
                "induction",
                "delayed-recall",
                "association",
                "association-hard",
                "copy",
                "adding",
            )
        ),
        Member(benchmark="mqar", models=FULL_WITHOUT, options={"mixed": False, "batch_size": 16}),
        Member(benchmark="split-digits", models=("mlp",), methods=KEPT_WITHOUT),
    ),
)
