"""What the names of a benchmark's groups state: the options and versions in which these differ."""

from collections import defaultdict

from reports.analysis.selection import Selection


def groups_note(selection: Selection) -> str:
    """State by what the groups of each benchmark differ; empty if every benchmark has one group.

    A name holds what differs between the records of the table, no more: a group that is alone has
    the plain name.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for subject in selection.subjects:
        names[subject.benchmark].append(subject.name)
    differing = [
        f"{benchmark} by {' and '.join(keys)}"
        for benchmark, found in names.items()
        if (keys := dict.fromkeys(key for name in found for key in _keys(name)))
    ]
    if not differing:
        return ""
    return (
        "Rows of other options or versions are groups of their own and are not ranked with each "
        "other. A group is named after what differs between the records shown, so that further "
        f"records can give it another name. Here differ: {'; '.join(differing)}."
    )


def _keys(name: str) -> list[str]:
    """Return the names of the options and versions in brackets."""
    options = name.partition("[")[2].removesuffix("]").split(",")
    return [option.partition("=")[0].replace("_", " ") for option in options if "=" in option]
