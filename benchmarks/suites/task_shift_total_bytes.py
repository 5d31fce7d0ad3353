"""Methods at equal total bytes: stored bytes and parameters that no seed regenerates, together.

Each method with a memory runs at every budget, with the network that fits
(`benchmarks.execution.total_budgets`). Methods that fit only some budgets have fewer rows.
``ridge[features=smooth]`` has the random features of `memnet`, without its slots. The profile
``small`` runs on the embedded digits.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "2"
TITLE = "Task shifts at equal total bytes"

BOUNDED_METHODS = (
    "er",
    "er-ace",
    "der-plus-plus",
    "icarl",
    "er-compressed",
    "er-lossy",
    "latent-replay",
    "er-encoder",
    "slda",
    "ridge",
    "ridge[features=smooth]",
    "ridge-slots",
    "memnet",
)
TOTAL_BUDGETS = (64_000, 160_000, 500_000, 2_000_000, 6_000_000)
"""Bytes. 6 MB hold the default MLP twice over, and MemNet's decoders."""

SMALL_BUDGETS = (32_000, 100_000, 500_000)

SUITE = Suite(
    seeds=tuple(range(5)),
    members=tuple(
        Member(
            benchmark=stream,
            models=("mlp",),
            methods=BOUNDED_METHODS,
            total_budgets=TOTAL_BUDGETS,
        )
        for stream in ("split-mnist", "split-fashion-mnist")
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="split-digits",
                    models=("mlp",),
                    methods=BOUNDED_METHODS,
                    total_budgets=SMALL_BUDGETS,
                ),
            ),
        )
    },
)
