"""A figure with its texts, as reproducible SVG, PDF and PNG."""

import io
import re
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

from reports.figures.style import styled

FILE_FORMS = ("svg", "pdf", "png")
"""File extensions of a figure, one per format."""


PNG_COLOURS = 128
"""Number of colours of a PNG: a third of the size, without a visible difference."""

_LONG_NUMBER = re.compile(r"(scale\([^)]*\)|\d+\.\d)\d*")
"""Digits of coordinates beyond tenths of a point; factors of a scale keep theirs."""

_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_PATH = re.compile(r'(?<= d=)"[^"]*"')
_STYLE = re.compile(r'(?<= style=)"[^"]*"')
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_GROUP_ID = re.compile(r'(?<=<g) id="[^"]*"')
_MOVED_USE = re.compile(r'(<use [^>]*)transform="translate\((\S+) 0\)"')
_GLYPHS = {"DejaVuSans-Bold-": "b", "DejaVuSans-": "g"}


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure.

    Attributes:
        name: File name without extension.
        title: What it shows, in a few words.
        caption: How to read it.
        description: Text alternative for readers who can't see it.
        size: Width and height in CSS pixels, at which text has the size it was drawn with.
        svg: The figure as SVG.
        pdf: The figure as PDF, for papers.
        png: The figure as PNG.
    """

    name: str
    title: str
    caption: str
    description: str
    size: tuple[int, int]
    svg: str
    pdf: bytes
    png: bytes

    def _repr_png_(self) -> bytes:
        """Return the figure as a notebook shows it."""
        return self.png

    @property
    def forms(self) -> dict[str, str | bytes]:
        """The figure in each format, by file extension."""
        return dict(zip(FILE_FORMS, (self.svg, self.pdf, self.png), strict=True))


def render(
    figure: Figure,
    *,
    name: str,
    title: str,
    caption: str,
    description: str,
    svg_only: bool = False,
) -> Plot:
    """Save a figure in all formats, without date or creator.

    The ids in the SVG depend on the name only. With ``svg_only`` the PDF and the PNG are empty.
    """
    with styled(name):
        layout = figure.get_layout_engine()
        if layout is not None:
            layout.execute(figure)  # drawing would do it too, and draw once more
        figure.set_layout_engine("none")  # saving would lay it out again per format
        svg, pdf, png = io.BytesIO(), io.BytesIO(), io.BytesIO()
        # savefig would draw each format twice, the first time for a layout that is already done.
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(svg, metadata={"Date": None, "Creator": None})
        if not svg_only:
            _print_others(figure, pdf, png)
    width, height = figure.get_size_inches()
    return Plot(
        name=name,
        title=title,
        caption=caption,
        description=description,
        size=(round(96 * width), round(96 * height)),
        svg=small_svg(svg.getvalue().decode()),
        pdf=pdf.getvalue(),
        png=png.getvalue(),
    )


def _print_others(figure: Figure, pdf: io.BytesIO, png: io.BytesIO) -> None:
    """Save a figure as PDF and as PNG."""
    canvas: Any = FigureCanvasPdf(figure)
    canvas.print_pdf(pdf, metadata={"CreationDate": None, "Creator": None, "Producer": None})
    figure.set_dpi(mpl.rcParams["savefig.dpi"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    _small_png(canvas.buffer_rgba()).save(png, "png")


def small_svg(text: str) -> str:
    """Return the same drawing in fewer bytes.

    Coordinates have one decimal, glyphs short names, groups none, and paths and styles no blanks.
    """
    text = _METADATA.sub("", _COMMENT.sub("", _LONG_NUMBER.sub(r"\1", text)))
    text = _MOVED_USE.sub(r'\1x="\2"', _GROUP_ID.sub("", text))
    for long, short in _GLYPHS.items():
        text = text.replace(long, short)
    text = _PATH.sub(lambda found: re.sub(r"\s*([A-Za-z])\s*", r"\1", found[0]), text)
    text = _STYLE.sub(lambda found: re.sub(r"([:;]) ", r"\1", found[0]), text)
    return re.sub(r"\n\s*", "\n", text)


def _small_png(pixels: memoryview) -> Image.Image:
    """Reduce an image to a palette, without dithering."""
    image = Image.fromarray(np.asarray(pixels)).convert("RGB")
    return image.quantize(PNG_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
