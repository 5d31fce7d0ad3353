"""Titles of benchmark variants for people: the options by which they differ, in words."""

PHRASES = {
    ("scenario", "class"): "class-incremental",
    ("scenario", "domain"): "domain-incremental",
    ("scenario", "task"): "task-incremental",
    ("protocol", "vandeven2022"): "protocol of van de Ven et al. 2022",
    ("protocol", "converged"): "trained until the stop rule",
    ("protocol", "fixed"): "fixed number of steps",
    ("protocol", "default"): "default protocol",
    ("protocol", "own"): "own protocol",
    ("online", "true"): "online",
    ("validation", "true"): "scored on validation data",
    ("validation", "false"): "scored on test data",
}
"""Words for the value of an option."""


def variant_title(title: str, name: str) -> str:
    """Return the title of a benchmark variant.

    Args:
        title: Title of the benchmark, or an empty string.
        name: Name of the variant, with its distinguishing options in brackets.
    """
    base, _, options = name.partition("[")
    parts = [title or base]
    for option in filter(None, options.removesuffix("]").split(",")):
        key, _, value = option.partition("=")
        shown = f"{int(value):,}" if value.isdecimal() else value
        parts.append(PHRASES.get((key, value)) or f"{key.replace('_', ' ')} {shown}")
    return ", ".join(parts)
