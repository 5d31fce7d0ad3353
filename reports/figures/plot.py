"""A drawn figure with its words, as SVG and PNG that come out the same from the same records."""

import io
from dataclasses import dataclass

from matplotlib.figure import Figure

from reports.figures.style import styled


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure.

    Attributes:
        name: Its file's name, without the ending.
        title: What it shows, in a few words.
        caption: How to read it.
        description: What it says, for readers who can't see it.
        svg: The drawing, as text.
        png: The drawing, as a picture.
    """

    name: str
    title: str
    caption: str
    description: str
    svg: str
    png: bytes


def render(figure: Figure, *, name: str, title: str, caption: str, description: str) -> Plot:
    """Save a figure in both formats, without date or creator; ids in the SVG follow from the name."""
    with styled(name):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: saving would do it again, for each format
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", metadata={"Software": None})
    return Plot(name=name, title=title, caption=caption, description=description, svg=svg.getvalue().decode(), png=png.getvalue())
