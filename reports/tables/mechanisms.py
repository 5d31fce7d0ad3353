"""Names of MemNet's mechanisms: what the options of its ablations switch off."""

MECHANISM_TITLES = {
    "hebbian=false": "the Hebbian graph",
    "hops=1": "the second hop through the graph",
    "serial=false": "the tape, which stores order",
    "sparsity_weight=0": "the penalty on writing",
    "dreaming=false": "dreams",
    "hallucination=false": "hallucination",
    "meta_policy=false": "the learned mix of read policies",
    "key_taps=1": "keys over several tokens",
    "training_slots=1": "further slots in training",
    "utilization_weight=0": "the utilization term",
    "dreams=0": "dreams",
    "surprise=false": "surprise, which decides what is written",
    "correction=0": "correction by similar slots",
    "encoder=learned": "the memory of statistics",
    "reconstruction_weight=0": "reconstruction, from which hallucination and dreams are made",
    "anchor_weight=0": "the loss that ties dreams to their codes",
    "neighbour_weight=0": "the loss that brings similar samples together",
    "trust=0": "reading the slots for an answer",
}
"""By option, as the name of a variant of the model or the method ``memnet`` gives it."""

WITH_MECHANISMS = "memnet"
"""Name of the model and of the method that have these mechanisms."""


def mechanism(name: str, option: str) -> str:
    """Return what an ablation leaves out, in words; empty if the option has no name.

    Args:
        name: The model or method that is changed.
        option: Its changed option, such as ``hops=1``.
    """
    if name.partition("[")[0] != WITH_MECHANISMS:
        return ""
    return MECHANISM_TITLES.get(option.removesuffix(".0"), "")
