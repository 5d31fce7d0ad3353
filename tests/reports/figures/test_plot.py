"""The file formats of a figure."""

from reports.analysis.selection import select
from reports.figures import profiles
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
