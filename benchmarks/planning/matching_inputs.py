"""Which models read the inputs of a benchmark: a comparison of facts."""

from baselines.registry import Entry


def feeds(benchmark: Entry) -> tuple[str, ...]:
    """Return the kinds of input of a benchmark: its fact ``INPUTS``.

    The default is tokens for a task, and samples (features of one length) for a stream.
    """
    return tuple(
        benchmark.source.facts.get(
            "INPUTS", ("samples",) if benchmark.kind == "stream" else ("tokens",)
        )
    )


def takes(model: Entry, benchmark: Entry) -> bool:
    """Return whether a model reads the inputs of a benchmark.

    A model without the fact ``INPUTS`` reads everything; one that reads features reads samples.
    """
    given = feeds(benchmark)
    read = set(model.source.facts.get("INPUTS", given))
    return set(given) <= (read | {"samples"} if "features" in read else read)


def has_memory(entry: Entry) -> bool:
    """Return whether a model has a memory that can be made persistent."""
    return entry.source.facts.get("HAS_MEMORY") is True
