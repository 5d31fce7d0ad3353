"""MemNet from gated slots alone upwards, one mechanism more at a time, and a plain initialisation.

The suite `ablation` removes one mechanism from the whole; this one adds them. A mechanism that
another one replaces shows no effect there, and has one here.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "2"
TITLE = "MemNet, one mechanism at a time"

MECHANISMS = (
    ("serial", "false"),
    ("hebbian", "false"),
    ("dreaming", "false"),
    ("meta_policy", "false"),
    ("hallucination", "false"),
    ("surprise", "false"),
    ("utilization_weight", "0"),
)
"""The option of each mechanism and its value without it, in the order in which they are added."""

RUNGS = tuple(
    "memnet[" + ",".join(f"{name}={off}" for name, off in MECHANISMS[added:]) + "]"
    for added in range(len(MECHANISMS))
)
"""Gated slots alone, then with tape, graph, dreams, policies, hallucination and surprise."""

LADDER_MODELS = (*RUNGS, "memnet", "memnet[init=plain]")
MQAR_OPTIONS = {"mixed": False, "batch_size": 16}

LADDER_TASKS = (
    "induction",
    "induction-hard",
    "delayed-recall",
    "delayed-recall-hard",
    "association",
    "association-hard",
    "copy",
    "adding",
    "selective-copy",
    "selective-copy-hard",
)

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        *(Member(benchmark=task, models=LADDER_MODELS, role="ablation") for task in LADDER_TASKS),
        *(
            Member(benchmark=task, models=LADDER_MODELS, options=MQAR_OPTIONS, role="ablation")
            for task in ("mqar", "mqar-hard")
        ),
    ),
)
