"""Does sleep help? Links A → B and B → C, then a dream or none; the query from A spreads one hop.

In `association` the links of a chain appear apart. With ``hops=1`` activation spreads from A to B
and no further, so the answer C is reached only if a dream has inferred the link A → C, or has
brought the content of C to A. In order: two hops without dreams (the bound), one hop without
dreams, one hop with dreams every 64 tokens, which no training sequence has between its links and
its queries (so the synthesizer is untrained, and dreams fill the silence of evaluation only), and
one hop with a dream between links and queries in training too (so the synthesizer is trained for
it), alone, with the links of a dream as strong as observed ones, and without these links. The last
one is a control of the shorter chunks that such dreams bring.
"""

from benchmarks.planning.suite import Member, Suite

VERSION = "2"
TITLE = "Sleep"

SLEEP_MODELS = (
    "memnet[dreaming=false]",
    "memnet[dreaming=false,hops=1]",
    "memnet[hops=1]",
    "memnet[dream_every=32,hops=1]",
    "memnet[dream_every=32,dream_rate=1,hops=1]",
    "memnet[dream_every=32,dream_rate=0,hops=1]",
    "memnet[chunk=32,dreaming=false,hops=1]",
)

SUITE = Suite(
    seeds=tuple(range(5)),
    members=(Member(benchmark="association", models=SLEEP_MODELS, role="ablation"),),
)
