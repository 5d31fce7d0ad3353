"""Which figures a benchmark has: every kind is offered its rows, and draws what it finds."""

import hashlib
import re

from reports.figures import accuracy_by_distance, accuracy_matrices, average_accuracy, forgetting_curves, slot_statistics
from reports.figures.plot import Plot
from reports.figures.style import style_of
from reports.selection import Selection, Subject

KINDS = {
    "accuracy-by-distance": accuracy_by_distance.draw,
    "average-accuracy": average_accuracy.draw,
    "forgetting-curves": forgetting_curves.draw,
    "accuracy-matrices": accuracy_matrices.draw,
    "slot-statistics": slot_statistics.draw,
}
"""Figures in the order of the page, by the ending of their names."""


def plots(selection: Selection, subject: Subject) -> list[Plot]:
    """Draw all figures of a benchmark."""
    style = style_of(selection)
    drawn = [draw(subject, selection.of(subject), style, f"{slug(subject.name)}-{kind}") for kind, draw in KINDS.items()]
    return [plot for plot in drawn if plot is not None]


def slug(name: str) -> str:
    """Bring a name to a form that is safe in a file's name and in an id; distinct names stay distinct."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
