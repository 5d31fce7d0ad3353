"""A suite of one task that fulfils the contract of suites."""

from benchmarks.planning.suite import Member, Suite

KIND = "suite"
SUITE = Suite(
    members=(Member(benchmark="induction", models=("lstm", "gru"), options={}),), seeds=(0, 1)
)
