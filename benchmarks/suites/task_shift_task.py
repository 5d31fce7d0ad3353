"""Task-shift streams in the task-incremental scenario: the experience of a sample is given.

A model chooses among the classes of the given experience (van de Ven et al. 2022). The profile
``small`` runs on the embedded digits only.
"""

from benchmarks.suites._scenario import scenario_suite

VERSION = "1"
TITLE = "Task shifts, task-incremental"

SUITE = scenario_suite(
    "task",
    (
        "split-digits",
        "split-mnist",
        "split-fashion-mnist",
        "permuted-mnist",
        "rotated-mnist",
        "split-mnist-1d",
    ),
)
