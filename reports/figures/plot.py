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
        size: Width and height, in CSS pixels: the size at which its text is as large as it was drawn.
        svg: The drawing, as text.
        png: The drawing, as a picture.
    """

    name: str
    title: str
    caption: str
    description: str
    size: tuple[int, int]
    svg: str
    png: bytes

    @property
    def forms(self) -> dict[str, str | bytes]:
        """The drawing in each form, by the ending of its file."""
        return {"svg": self.svg, "png": self.png}


def render(figure: Figure, *, name: str, title: str, caption: str, description: str) -> Plot:
    """Save a figure in both formats, without date or creator; ids in the SVG follow from the name."""
    with styled(name):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: saving would do it again, for each format
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", metadata={"Software": None})
    width, height = figure.get_size_inches()
    return Plot(
        name=name,
        title=title,
        caption=caption,
        description=description,
        size=(round(96 * width), round(96 * height)),
        svg=svg.getvalue().decode(),
        png=png.getvalue(),
    )
