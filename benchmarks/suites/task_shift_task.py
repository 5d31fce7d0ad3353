"""Task-shift streams in the task-incremental scenario: the experience of a sample is given.

A model chooses among the classes of the given experience (van de Ven et al. 2022). The profile
``small`` runs on the embedded digits only.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Task shifts, task-incremental"

BOUNDS = ("naive", "joint")
REGULARISED = ("ewc", "si", "lwf")
REPLAYED = ("a-gem", "er", "er-ace", "der-plus-plus")
CLOSED_FORM = ("slda", "ridge", "ridge-slots")
TASK_METHODS = (*BOUNDS, *REGULARISED, *REPLAYED, *CLOSED_FORM, "memnet")
OPTIONS = {"scenario": "task"}

SUITE = Suite(
    seeds=tuple(range(5)),
    members=tuple(
        Member(
            benchmark=stream,
            models=("mlp",),
            methods=TASK_METHODS,
            options=OPTIONS,
        )
        for stream in (
            "split-digits",
            "split-mnist",
            "split-fashion-mnist",
            "permuted-mnist",
            "rotated-mnist",
            "split-mnist-1d",
        )
    ),
    profiles={
        "small": Suite(
            seeds=(0,),
            members=(
                Member(
                    benchmark="split-digits",
                    models=("mlp",),
                    methods=TASK_METHODS,
                    options=OPTIONS,
                ),
            ),
        )
    },
)
