"""A drawn figure with its words, as SVG, PDF and PNG that come out the same from the same records."""

import io
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.figures.style import styled

FORMS = ("svg", "pdf", "png")
"""Endings of the files of a figure, one for each form of it."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure.

    Attributes:
        name: Its file's name, without the ending.
        title: What it shows, in a few words.
        caption: How to read it.
        description: What it says, for readers who can't see it.
        size: Width and height, in CSS pixels: the size at which its text is as large as it was
            drawn.
        svg: The drawing, as text.
        pdf: The drawing, for papers.
        png: The drawing, as a picture.
    """

    name: str
    title: str
    caption: str
    description: str
    size: tuple[int, int]
    svg: str
    pdf: bytes
    png: bytes

    @property
    def forms(self) -> dict[str, str | bytes]:
        """The drawing in each form, by the ending of its file."""
        return dict(zip(FORMS, (self.svg, self.pdf, self.png), strict=True))


def render(figure: Figure, *, name: str, title: str, caption: str, description: str) -> Plot:
    """Save a figure in all formats, without date or creator.

    Ids in the SVG follow from the name.
    """
    with styled(name):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: saving would do it again, for each format
        svg, pdf, png = io.BytesIO(), io.BytesIO(), io.BytesIO()
        # Canvas by canvas: savefig would draw each form twice, the first time for a layout that is
        # settled already.
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(svg, metadata={"Date": None, "Creator": None})
        canvas = FigureCanvasPdf(figure)
        canvas.print_pdf(pdf, metadata={"CreationDate": None, "Creator": None, "Producer": None})
        figure.set_dpi(mpl.rcParams["savefig.dpi"])
        canvas = FigureCanvasAgg(figure)
        canvas.print_png(png, metadata={"Software": None})
    width, height = figure.get_size_inches()
    return Plot(
        name=name,
        title=title,
        caption=caption,
        description=description,
        size=(round(96 * width), round(96 * height)),
        svg=svg.getvalue().decode(),
        pdf=pdf.getvalue(),
        png=png.getvalue(),
    )
