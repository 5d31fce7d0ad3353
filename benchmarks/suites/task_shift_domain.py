"""Split streams in the domain-incremental scenario: a label is another class in each experience.

A sample's label is the place of its class in its experience (van de Ven et al. 2022). Permuted and
rotated MNIST are domain-incremental in the suite `task-shift`. The profile ``small`` runs on the
embedded digits only.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Task shifts, domain-incremental"

BOUNDS = ("naive", "joint")
REGULARISED = ("ewc", "si", "lwf")
REPLAYED = ("a-gem", "er", "er-ace", "der-plus-plus")
CLOSED_FORM = ("slda", "ridge", "ridge-slots")
DOMAIN_METHODS = (*BOUNDS, *REGULARISED, *REPLAYED, *CLOSED_FORM, "memnet")
OPTIONS = {"scenario": "domain"}

SUITE = Suite(
    seeds=tuple(range(5)),
    members=tuple(
        Member(
            benchmark=stream,
            models=("mlp",),
            methods=DOMAIN_METHODS,
            options=OPTIONS,
        )
        for stream in (
            "split-digits",
            "split-mnist",
            "split-fashion-mnist",
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
                    methods=DOMAIN_METHODS,
                    options=OPTIONS,
                ),
            ),
        )
    },
)
