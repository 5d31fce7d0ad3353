"""MemNet without one mechanism at a time: what does each of them cost, on which task?"""

from benchmarks.suite import Member, Suite

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

SUITE = Suite(
    seeds=(0, 1, 2),
    members=tuple(
        Member(benchmark=task, models=WITHOUT)
        for task in ("induction", "delayed-recall", "association", "association-hard", "copy", "adding")
    ),
)
