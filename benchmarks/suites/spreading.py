"""Do more hops plan? `hops` with one, two and four steps of spreading activation.

Training has chains of one and two links. Chains of three to five links are a composition that
training never shows: a model whose spreading plans follows them with as many hops.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "1"
TITLE = "Spreading activation"

SPREADING_MODELS = ("memnet[hops=1]", "memnet", "memnet[hops=4]")

SUITE = Suite(
    seeds=tuple(range(5)),
    members=(Member(benchmark="hops", models=SPREADING_MODELS, role="ablation"),),
)
