"""One visual language for all figures: a model bears the same colour and marker everywhere, a method the same dashes.

Colours are Okabe & Ito's (2008, "Color Universal Design") and Tol's muted ones (2021), which colour-blind readers can tell apart; markers
and dashes carry the same distinctions in greyscale.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.selection import Entry, Selection

INK = "#1d2329"
MUTED = "#6b747d"
GRID = "#e3e6e8"

Dashes = tuple[float, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Look:
    """How a model is drawn."""

    colour: str
    marker: str


FIXED: Mapping[str, Look] = {
    "memnet": Look("#0072B2", "o"),
    "transformer": Look("#E69F00", "s"),
    "transformer-full": Look("#D55E00", "D"),
    "lstm": Look("#009E73", "^"),
}
"""Looks that belong to these models alone."""

COLOURS = ("#CC79A7", "#882255", "#56B4E9", "#332288", "#999933", "#4d4d4d")
MARKERS = ("v", "P", "X", "<", "p", "h", "*", ">")
FREE = tuple(Look(colour, MARKERS[(place + row) % len(MARKERS)]) for row in range(len(MARKERS)) for place, colour in enumerate(COLOURS))
"""Looks of all other models, shared out by name."""

SOLID: Dashes = (0.0, ())
DASHED: Mapping[str, Dashes] = {
    "supervised": SOLID,
    "memnet": SOLID,
    "naive": (0.0, (1.2, 1.6)),
    "er": (0.0, (5.0, 2.0)),
    "joint": (0.0, (9.0, 2.5)),
}
"""Dashes that belong to these methods."""

DASHES: tuple[Dashes, ...] = (
    (0.0, (6.0, 1.6, 1.2, 1.6)),
    (0.0, (3.0, 1.2)),
    (0.0, (6.0, 1.4, 1.2, 1.4, 1.2, 1.4)),
    (0.0, (2.0, 3.0)),
    (0.0, (8.0, 1.4, 3.0, 1.4)),
    (0.0, (4.0, 4.0)),
)
"""Dashes of all other methods, shared out by name."""

RC: dict[Any, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.5,
    "lines.markeredgecolor": "white",
    "lines.markeredgewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
}


@contextmanager
def styled(salt: str = "") -> Iterator[None]:
    """Hold the style while a figure is drawn or saved; ``salt`` seeds the ids of an SVG, so that it comes out the same each time."""
    with mpl.rc_context({**RC, "svg.hashsalt": salt or "memnet"}):
        yield


def looks(models: Iterable[str]) -> dict[str, Look]:
    """Give every model its look: fixed ones theirs, all others by a hash of the name, the next free one where two would share."""
    names = sorted(set(models))
    given = {name: FIXED[name] for name in names if name in FIXED}
    for name in names:
        if name not in given:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(FREE)
            order = [FREE[(first + step) % len(FREE)] for step in range(len(FREE))]
            taken = set(given.values())
            given[name] = next((look for look in order if look not in taken), order[0])
    return given


def dashes(methods: Iterable[str]) -> dict[str, Dashes]:
    """Give every method its dashes, by a hash of the name in the same way."""
    names = sorted(set(methods))
    given = {name: DASHED[name] for name in names if name in DASHED}
    for name in names:
        if name not in given:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(DASHES)
            order = [DASHES[(first + step) % len(DASHES)] for step in range(len(DASHES))]
            given[name] = next((pattern for pattern in order if pattern not in given.values()), order[0])
    return given


@dataclass(frozen=True, slots=True)
class Style:
    """How the rows of a selection are drawn and named.

    Attributes:
        looks: Of each model.
        dashes: Of each method.
        settings: Whether rows are named with their setting too.
    """

    looks: Mapping[str, Look]
    dashes: Mapping[str, Dashes]
    settings: bool = False

    def name(self, entry: Entry) -> str:
        """Name a row in a legend: the model, with its method in a stream, and its setting where names alone are not enough."""
        parts = [entry.model]
        if entry.subject.kind == "stream":
            parts.append(entry.method)
        if self.settings and entry.setting:
            parts.append(entry.setting)
        return " · ".join(parts)

    def look(self, entry: Entry) -> Look:
        """Look of a row's model."""
        return self.looks[entry.model]

    def line(self, entry: Entry) -> Dashes:
        """Dashes of a row's method."""
        return self.dashes[entry.method]


def style_of(selection: Selection) -> Style:
    """Settle the style of every row once, for all figures of a report."""
    return Style(
        looks=looks(entry.model for entry in selection.entries),
        dashes=dashes(entry.method for entry in selection.entries),
        settings=selection.ambiguous,
    )


def score_axis(axes: Axes, label: str = "accuracy") -> None:
    """Set the y axis to scores from 0 to 1, with room for markers at both ends."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel(label)


def chance_line(axes: Axes, chance: float | None) -> None:
    """Draw the score of guessing."""
    if chance is not None:
        axes.axhline(chance, color=MUTED, linewidth=1.0, linestyle=(0.0, (2.0, 2.0)), label="chance", zorder=1)


def legend_below(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """Put the legend of ``axes`` below the figure, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)), handlelength=3.2)
