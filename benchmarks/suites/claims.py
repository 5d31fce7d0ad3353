"""Every row of the published claims: MemNet on ten seeds, its controls on five.

The claims are in ``results/published/CLAIMS.md``, with the rule that decides them. The claim about
sleep is on one hop, and the one about forgetting on 16 slots, so both have rows of their own.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Claims"

TEN, FIVE = tuple(range(10)), tuple(range(5))

UNTIL_SOLVED: dict[str, object] = {"protocol": "converged"}
MQAR_UNTIL_SOLVED = {**UNTIL_SOLVED, "mixed": False, "batch_size": 16}

CLAIM_CONTROLS = {
    "induction-hard": ("transformer", "bigram", "delta-rule[init=mimetic]"),
    "delayed-recall-hard": ("transformer", "bigram"),
    "selective-copy-hard": (
        "transformer",
        "delta-rule[init=mimetic]",
        "memnet[hallucination=false,surprise=false]",
    ),
    "selective-copy": ("memnet[hallucination=false,surprise=false]",),
    "association": (
        "memnet[hebbian=false]",
        "memnet[dream_every=32,hops=1]",
        "memnet[chunk=32,dreaming=false,hops=1]",
    ),
    "association-hard": ("memnet[hebbian=false]", "token-memory"),
    "delayed-recall": ("memnet[dreaming=false]", "memnet[meta_policy=false]"),
    "adding": ("memnet[dreaming=false]", "memnet[meta_policy=false]"),
    "mqar": ("transformer", "delta-rule[init=mimetic]"),
    "mqar-hard": ("bigram",),
}
"""What MemNet is compared with, by task."""

FORGETTING_MEMNET = (
    "memnet[dreaming=false,heads=1,hebbian=false,retention=learned,serial=false,slots=16,"
    "usage_weight=0]"
)

BUDGETED = ("memnet", "er", "ridge", "ridge[features=smooth]", "ridge-slots")


def _options(task: str) -> dict[str, object]:
    return MQAR_UNTIL_SOLVED if task.startswith("mqar") else UNTIL_SOLVED


SUITE = Suite(
    seeds=FIVE,
    members=(
        *(
            Member(benchmark=task, models=("memnet",), options=_options(task), seeds=TEN)
            for task in CLAIM_CONTROLS
        ),
        *(
            Member(benchmark=task, models=controls, options=_options(task), role="control")
            for task, controls in CLAIM_CONTROLS.items()
        ),
        Member(
            benchmark="worth-remembering", models=(FORGETTING_MEMNET,), seeds=TEN, role="ablation"
        ),
        *(
            Member(
                benchmark=stream,
                models=("mlp",),
                methods=BUDGETED,
                total_budgets=(500_000, 2_000_000),
            )
            for stream in ("split-mnist", "split-fashion-mnist")
        ),
        Member(benchmark="split-digits", models=("mlp",), methods=("memnet", "memnet[dreams=0]")),
    ),
)
