"""Every row of the published claims: MemNet and its variants on ten seeds, controls on five.

The claims are in ``results/published/CLAIMS.md``, with the rule that decides them.
"""

from benchmarks.planning.suite import Member, Suite
from results.records.roles import Role

VERSION = "1"
TITLE = "Claims"

TEN, FIVE = tuple(range(10)), tuple(range(5))

UNTIL_SOLVED: dict[str, object] = {"protocol": "converged"}
MQAR_UNTIL_SOLVED = {**UNTIL_SOLVED, "mixed": False, "batch_size": 16}

PRIOR = (
    "delta-rule[init=mimetic]",
    "delta-rule[init=mimetic,key_width=128,value_width=128]",
)
"""MemNet's initial values without MemNet."""

VARIANTS = {
    "induction-hard": ("memnet",),
    "delayed-recall-hard": ("memnet",),
    "mqar": ("memnet",),
    "selective-copy": ("memnet", "memnet[surprise=false]"),
    "selective-copy-hard": ("memnet", "memnet[surprise=false]"),
    "association": (
        "memnet",
        "memnet[hebbian=false]",
        "memnet[meta_policy=false]",
        "memnet[dream_every=32,hops=1]",
        "memnet[chunk=32,dreaming=false,hops=1]",
    ),
    "association-hard": ("memnet", "memnet[hebbian=false]"),
    "adding": (
        "memnet",
        "memnet[dreaming=false]",
        "memnet[hallucination=false]",
        "memnet[meta_policy=false]",
    ),
}
"""MemNet and its variants, by task."""

OTHER_MODELS = {
    "induction-hard": ("transformer", "transformer-full", "bigram", *PRIOR),
    "delayed-recall-hard": ("transformer", "transformer-full"),
    "selective-copy-hard": ("transformer", "transformer-full", *PRIOR),
    "mqar": ("transformer", *PRIOR),
}
"""What MemNet is compared with, by task."""

FORGETTING_MEMNET = (
    "memnet[dreaming=false,heads=1,hebbian=false,retention=learned,serial=false,slots=16,"
    "usage_weight=0]"
)

BUDGETED = (
    "memnet",
    "er",
    "der-plus-plus",
    "er-encoder",
    "ridge",
    "ridge[features=smooth]",
    "ridge-slots",
)


def _member(task: str, models: tuple[str, ...], role: Role, seeds: tuple[int, ...]) -> Member:
    options = MQAR_UNTIL_SOLVED if task == "mqar" else UNTIL_SOLVED
    return Member(benchmark=task, models=models, options=options, role=role, seeds=seeds)


SUITE = Suite(
    seeds=FIVE,
    members=(
        *(_member(task, models, "ablation", TEN) for task, models in VARIANTS.items()),
        *(_member(task, models, "control", FIVE) for task, models in OTHER_MODELS.items()),
        Member(benchmark="worth-remembering", models=(FORGETTING_MEMNET,), seeds=TEN),
        *(
            Member(
                benchmark=stream,
                models=("mlp",),
                methods=BUDGETED,
                total_budgets=(500_000, 2_000_000),
            )
            for stream in ("split-mnist", "split-fashion-mnist")
        ),
    ),
)
