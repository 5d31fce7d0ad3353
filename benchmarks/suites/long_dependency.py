"""All long-dependency tasks × MemNet and its baselines: recall from far outside the window.

Two baselines run with MemNet's initial values too, and MemNet without them. Baselines from public
packages run if they are installed. The profile ``small`` excludes these, and has fewer training
steps and queries, on the most informative tasks; it takes minutes on two cores. MemNet has ten
seeds, the others three; the suite ``claims`` has five of the controls of a claim.

Both protocols of tasks apply. ``--protocol converged`` trains until a task is solved, until neither
validation loss nor accuracy has improved for half the cap (some models learn after hundreds of
steps at the chance level), or to the cap.
"""

from dataclasses import replace

from benchmarks.planning.suite import Member, Suite

VERSION = "4"
TITLE = "Long dependencies"

RECURRENT = ("lstm", "gru", "delta-rule", "gated-delta-rule", "mamba")
CONTROLS = ("bigram", "key-value-store", "token-memory")
BUILT_IN_MODELS = ("memnet", "transformer", "transformer-full", *RECURRENT, *CONTROLS)
PEER_MODELS = ("dnc", "titans", "rmt", "xlstm", "x-transformer")
ALL_MODELS = (*BUILT_IN_MODELS, *PEER_MODELS)
MQAR_OPTIONS = {"mixed": False, "batch_size": 16}
MILLION_TOKENS = {"furthest": 2**20}
SIZED = (
    *(f"memnet[slots={slots}]" for slots in (40, 80)),
    *(
        f"{model}[key_width={width},value_width={width}]"
        for model in ("delta-rule", "gated-delta-rule")
        for width in (32, 128)
    ),
    *(f"token-memory[slots={slots}]" for slots in (40, 300)),
)
"""Models of other sizes, for a curve of accuracy against state bytes."""
INITIAL_VALUES = ("delta-rule[init=mimetic]", "mamba[init=mimetic]", "memnet[init=plain]")
"""Baselines with MemNet's initial values, and MemNet without: what that prior gives to a memory."""

TASKS = (
    Member(benchmark="induction", models=ALL_MODELS, options={"streams": 32, **MILLION_TOKENS}),
    Member(benchmark="induction-hard", models=ALL_MODELS),
    Member(
        benchmark="delayed-recall", models=ALL_MODELS, options={"far_streams": 2, **MILLION_TOKENS}
    ),
    Member(benchmark="delayed-recall-hard", models=ALL_MODELS),
    Member(benchmark="association", models=ALL_MODELS),
    Member(benchmark="association-hard", models=ALL_MODELS),
    Member(benchmark="mqar", models=ALL_MODELS, options=MQAR_OPTIONS),
    Member(benchmark="mqar-hard", models=ALL_MODELS, options=MQAR_OPTIONS),
    Member(benchmark="selective-copy", models=ALL_MODELS),
    Member(benchmark="selective-copy-hard", models=ALL_MODELS),
    Member(benchmark="copy", models=ALL_MODELS),
    Member(benchmark="adding", models=ALL_MODELS),
    Member(benchmark="recall-any", models=ALL_MODELS),
    Member(benchmark="hops", models=ALL_MODELS),
    Member(benchmark="state-tracking", models=ALL_MODELS),
)

SUITE = Suite(
    seeds=(0, 1, 2),
    members=(
        *TASKS,
        *(replace(task, models=("memnet",), seeds=tuple(range(10))) for task in TASKS),
        *(replace(task, models=INITIAL_VALUES, role="control") for task in TASKS),
        Member(benchmark="mqar", models=SIZED, options=MQAR_OPTIONS, role="size"),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="induction",
                    models=BUILT_IN_MODELS,
                    options={"train_length": 64, "steps": 80, "streams": 32},
                ),
                Member(
                    benchmark="delayed-recall",
                    models=BUILT_IN_MODELS,
                    options={"train_length": 64, "steps": 100, "streams": 16},
                ),
                Member(
                    benchmark="association",
                    models=BUILT_IN_MODELS,
                    options={"steps": 150, "streams": 16},
                ),
            ),
        )
    },
)
