"""All long-dependency tasks × MemNet and its baselines: recall from far outside the window.

Baselines from public packages run if they are installed. The profile ``small`` excludes them, and
has fewer training steps and queries, on the most informative tasks; it takes minutes on two cores.
"""

from benchmarks.planning.suite import Member, Suite

RECURRENT = ("lstm", "gru", "delta-rule", "gated-delta-rule", "mamba")
CONTROLS = ("bigram", "token-memory")
OURS = ("memnet", "transformer", "transformer-full", *RECURRENT, *CONTROLS)
PEERS = ("dnc", "titans", "rmt", "xlstm", "x-transformer")
MODELS = (*OURS, *PEERS)
FAR = {"furthest": 2**20}
SLIM = "memnet[chunk=32,heads=1,hebbian=false,slots={slots}]"
SIZED = (
    *(SLIM.format(slots=slots) for slots in (36, 72, 144)),
    *(
        f"{model}[key_width={width},value_width={width}]"
        for model in ("delta-rule", "gated-delta-rule")
        for width in (32, 128)
    ),
    *(f"token-memory[slots={slots}]" for slots in (40, 300)),
)
"""Models of other sizes, for a curve of accuracy against state bytes."""

SUITE = Suite(
    seeds=tuple(range(10)),
    members=(
        Member(benchmark="induction", models=MODELS, options={"streams": 32, **FAR}),
        Member(benchmark="induction-hard", models=MODELS),
        Member(benchmark="delayed-recall", models=MODELS, options={"far_streams": 2, **FAR}),
        Member(benchmark="delayed-recall-hard", models=MODELS),
        Member(benchmark="association", models=MODELS),
        Member(benchmark="association-hard", models=MODELS),
        Member(
            benchmark="mqar", models=(*MODELS, *SIZED), options={"mixed": False, "batch_size": 16}
        ),
        Member(benchmark="mqar-hard", models=MODELS),
        Member(benchmark="selective-copy", models=MODELS),
        Member(benchmark="selective-copy-hard", models=MODELS),
        Member(benchmark="copy", models=MODELS),
        Member(benchmark="adding", models=MODELS),
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="induction",
                    models=OURS,
                    options={"train_length": 64, "steps": 80, "streams": 32},
                ),
                Member(
                    benchmark="delayed-recall",
                    models=OURS,
                    options={"train_length": 64, "steps": 100, "streams": 16},
                ),
                Member(benchmark="association", models=OURS, options={"steps": 150, "streams": 16}),
            ),
        )
    },
)
