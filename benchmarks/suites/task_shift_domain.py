"""Split streams in the domain-incremental scenario: a label is another class in each experience.

A sample's label is the place of its class in its experience (van de Ven et al. 2022). Permuted and
rotated MNIST are domain-incremental in the suite `task-shift`. The profile ``small`` runs on the
embedded digits only.
"""

from benchmarks.suites._scenario import scenario_suite

VERSION = "1"
TITLE = "Task shifts, domain-incremental"

SUITE = scenario_suite(
    "domain",
    (
        "split-digits",
        "split-mnist",
        "split-fashion-mnist",
        "split-mnist-1d",
    ),
)
