"""The visual style of all figures.

A model has the same colour and marker everywhere, a method the same dashes.

Colours are Okabe & Ito's (2008, "Color Universal Design") and Tol's muted ones (2021), which
colour-blind readers can distinguish; markers and dashes carry the same distinctions in greyscale.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.selection import ResultRow, Selection

INK = "#1d2329"
MUTED = "#6b747d"
GRID = "#e3e6e8"

HANDLE_WIDTH, LETTER_WIDTH = 0.6, 0.064
"""Widths of a legend's handle and of a letter in it, in inches."""

Dashes = tuple[float, tuple[float, ...]]
Fill = Literal["full", "left", "right", "bottom", "top", "none"]


@dataclass(frozen=True, slots=True)
class Look:
    """Colour and marker of a model."""

    colour: str
    marker: str


FIXED: Mapping[str, Look] = {
    "memnet": Look("#0072B2", "o"),
    "transformer": Look("#E69F00", "s"),
    "transformer-full": Look("#D55E00", "D"),
    "lstm": Look("#009E73", "^"),
    "gru": Look("#999933", "v"),
    "mamba": Look("#332288", "<"),
    "delta-rule": Look("#882255", "P"),
    "gated-delta-rule": Look("#CC79A7", "X"),
    "token-memory": Look("#56B4E9", "h"),
    "bigram": Look("#4d4d4d", "*"),
    "dnc": Look("#117733", "p"),
    "titans": Look("#AA4499", ">"),
    "rmt": Look("#661100", "d"),
    "xlstm": Look("#44AA99", "8"),
    "x-transformer": Look("#CC6677", "H"),
    "mlp": Look("#6699CC", "s"),
    "cnn": Look("#888888", "D"),
}
"""Looks reserved for these models."""

COLOURS = (
    "#CC79A7",
    "#882255",
    "#56B4E9",
    "#332288",
    "#999933",
    "#4d4d4d",
    "#117733",
    "#CC6677",
    "#44AA99",
    "#AA4499",
    "#661100",
    "#6699CC",
)
MARKERS = ("v", "P", "X", "<", "p", "h", "*", ">")
"""Markers, and above colours, of all other models; unused colours come first."""

SOLID: Dashes = (0.0, ())
DASHED: Mapping[str, Dashes] = {
    "supervised": SOLID,
    "memnet": SOLID,
    "naive": (0.0, (1.2, 1.6)),
    "er": (0.0, (5.0, 2.0)),
    "joint": (0.0, (9.0, 2.5)),
}
"""Dashes reserved for these methods."""

DASHES: tuple[Dashes, ...] = (
    (0.0, (6.0, 1.6, 1.2, 1.6)),
    (0.0, (3.0, 1.2)),
    (0.0, (6.0, 1.4, 1.2, 1.4, 1.2, 1.4)),
    (0.0, (2.0, 3.0)),
    (0.0, (8.0, 1.4, 3.0, 1.4)),
    (0.0, (4.0, 4.0)),
)
"""Dashes of all other methods, chosen by name."""

FILLED: Mapping[str, Fill] = {"supervised": "full", "memnet": "full", "naive": "none", "er": "left"}
"""Marker fills of these methods."""

FILLS: tuple[Fill, ...] = ("right", "top", "bottom", "left", "none")
"""Marker fills of all other methods, chosen by name."""

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
    """Apply the style while a figure is drawn or saved.

    ``salt`` seeds the ids of an SVG, so that they are reproducible.
    """
    with mpl.rc_context({**RC, "svg.hashsalt": salt or "memnet"}):
        yield


def looks(models: Iterable[str]) -> dict[str, Look]:
    """Return a look for every model.

    Models of `FIXED` have theirs. The others are chosen by a hash of the name, unused colours
    first, then unused looks.
    """
    names = sorted(set(models))
    chosen = {name: FIXED[name] for name in names if name in FIXED}
    for name in names:
        if name not in chosen:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
            order = [
                Look(COLOURS[(first + step) % len(COLOURS)], MARKERS[(first + turn) % len(MARKERS)])
                for turn in range(len(MARKERS))
                for step in range(len(COLOURS))
            ]
            used_colours, taken = {look.colour for look in chosen.values()}, set(chosen.values())
            free = (look for look in order if look.colour not in used_colours)
            chosen[name] = next(free, None) or next(
                (look for look in order if look not in taken), order[0]
            )
    return chosen


def fills(methods: Iterable[str]) -> dict[str, Fill]:
    """Return the marker fill of every method, for points without lines.

    More than six methods share fills.
    """
    chosen: dict[str, Fill] = {name: FILLED[name] for name in methods if name in FILLED}
    for name in sorted(set(methods) - set(chosen)):
        first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        order = [FILLS[(first + step) % len(FILLS)] for step in range(len(FILLS))]
        chosen[name] = next((fill for fill in order if fill not in chosen.values()), order[0])
    return chosen


def dashes(methods: Iterable[str]) -> dict[str, Dashes]:
    """Return the dashes of every method, chosen by a hash of the name."""
    names = sorted(set(methods))
    chosen = {name: DASHED[name] for name in names if name in DASHED}
    for name in names:
        if name not in chosen:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(DASHES)
            order = [DASHES[(first + step) % len(DASHES)] for step in range(len(DASHES))]
            chosen[name] = next(
                (pattern for pattern in order if pattern not in chosen.values()), order[0]
            )
    return chosen


@dataclass(frozen=True, slots=True)
class Style:
    """The style and names of a selection's rows.

    Attributes:
        looks: By model.
        dashes: By method.
        fills: By method.
        settings: Whether names include the setting.
    """

    looks: Mapping[str, Look]
    dashes: Mapping[str, Dashes]
    fills: Mapping[str, Fill]
    settings: bool = False

    def name(self, entry: ResultRow) -> str:
        """Return a row's name in a legend: model, method on a stream, and setting if needed."""
        parts = [entry.model]
        if entry.subject.kind == "stream":
            parts.append(entry.method)
        if self.settings and entry.setting:
            parts.append(entry.setting)
        return " · ".join(parts)

    def look(self, entry: ResultRow) -> Look:
        """Look of a row's model."""
        return self.looks[entry.model]

    def line(self, entry: ResultRow) -> Dashes:
        """Dashes of a row's method."""
        return self.dashes[entry.method]

    def fill(self, entry: ResultRow) -> Fill:
        """Marker fill of a row's method."""
        return self.fills[entry.method]


def style_of(selection: Selection) -> Style:
    """Return the style of all rows of a report."""
    return Style(
        looks=looks(entry.model for entry in selection.entries),
        dashes=dashes(entry.method for entry in selection.entries),
        fills=fills({entry.method for entry in selection.entries}),
        settings=selection.ambiguous,
    )


def score_axis(axes: Axes, label: str = "accuracy") -> None:
    """Set the y axis to scores from 0 to 1, with margins for markers at both ends."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel(label)


def chance_line(axes: Axes, chance: float | None) -> None:
    """Draw the chance level."""
    if chance is not None:
        axes.axhline(
            chance,
            color=MUTED,
            linewidth=1.0,
            linestyle=(0.0, (2.0, 2.0)),
            label="chance",
            zorder=1,
        )


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put the legend of ``axes`` below the figure, in as many columns as fit."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        widest = HANDLE_WIDTH + LETTER_WIDTH * max(map(len, labels))
        columns = max(1, min(3, len(labels), int(figure.get_figwidth() / widest)))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=3.2)
