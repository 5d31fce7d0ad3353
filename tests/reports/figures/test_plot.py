"""The file formats of a figure."""

import re

from matplotlib.figure import Figure

from reports.analysis.selection import select
from reports.figures import profiles
from reports.figures.plot import render, small_svg
from tests.reports.figures.drawn_figures import Fill, drawn, scored


def test_every_format_is_reproducible(fill: Fill) -> None:
    selection = select(fill(*scored("a", 0.5, 0.6, 0.7)))
    one, two = (drawn(profiles.draw, selection) for _ in range(2))
    assert one == two
    assert one is not None
    assert {
        form: bytes(drawing[:5], "ascii") if isinstance(drawing, str) else drawing[:5]
        for form, drawing in one.forms.items()
    } == {
        "svg": b"<?xml",
        "pdf": b"%PDF-",
        "png": b"\x89PNG\r",
    }


def test_glyphs_of_an_svg_keep_their_size() -> None:
    """Coordinates are shortened, and the scale of glyphs is not."""
    figure = Figure(figsize=(2, 2))
    figure.text(0.123456, 0.5, "text", fontsize=8.5)
    svg = render(figure, name="one", title="", caption="", description="").svg
    assert "scale(0.015625)" in svg
    assert "scale(0.085 -0.085)" in svg
    assert not re.search(r"translate\([^)]*\.\d{3}", svg)


def test_a_figure_can_be_svg_only() -> None:
    plot = render(
        Figure(figsize=(2, 2)), name="one", title="", caption="", description="", svg_only=True
    )
    assert plot.svg.startswith("<?xml")
    assert (plot.pdf, plot.png) == (b"", b"")


def test_a_constrained_layout_is_applied() -> None:
    """Without it, the label of the axis would be cut off."""
    figure = Figure(figsize=(2, 2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_ylabel("two\nlines\nof text", fontsize=20)
    before = axes.get_position().x0
    render(figure, name="one", title="", caption="", description="", svg_only=True)
    assert axes.get_position().x0 > before + 0.1


def test_an_svg_has_no_names_of_groups_and_places_letters_by_attributes() -> None:
    long = (
        '<svg><metadata>\n<rdf/></metadata>\n<g id="text_1">\n'
        '<use xlink:href="#DejaVuSans-61" transform="translate(61.3 0)"/>\n</g></svg>'
    )
    assert small_svg(long) == '<svg>\n<g>\n<use xlink:href="#g61" x="61.3"/>\n</g></svg>'
