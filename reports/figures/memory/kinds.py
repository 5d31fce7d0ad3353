"""Colours of the kinds of items, the same in all figures of a memory."""

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reports.figures.style import MUTED

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#999933",
           "#882255", "#4d4d4d")  # fmt: skip
"""Colours of kinds in the order of their names; the last ones repeat."""


def colours(kinds: Iterable[str]) -> Mapping[str, str]:
    """Return a colour per kind; a token without a kind is grey."""
    names = sorted(set(kinds))
    chosen = {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}
    return chosen | {"token": MUTED}


def legend(figure: Figure, kinds: Sequence[str]) -> None:
    """Add a legend of kinds above the panels; none for a single kind."""
    palette = colours(kinds)
    if len(kinds) > 1:
        figure.legend(
            handles=[Patch(facecolor=palette[kind], alpha=0.5, label=kind) for kind in kinds],
            loc="outside upper right",
            ncols=min(len(kinds), 5),
        )
