"""Figures of a memory on the page of a model."""

import re
from collections.abc import Callable

import pandas as pd

from reports.analysis.selection import select
from reports.figures.plot import FILE_FORMS, Plot
from reports.output.inspection import InspectionPart, figure_files, section
from reports.site import model
from reports.site.lines import lines
from results.store.store import Store
from tests.reports.conftest import small


def plot(width: int) -> Plot:
    return Plot(
        name=f"memory-{width}",
        title="Slots",
        caption="Look.",
        description='A "description".',
        size=(width, 300),
        svg="<svg/>",
        pdf=b"pdf",
        png=b"png",
    )


def test_a_models_page_shows_the_figures_that_the_site_contains(
    fill: Callable[..., Store],
) -> None:
    part = InspectionPart(
        name="inspection-memnet",
        title="association",
        note="A <note>.",
        facts=(),
        plots=(plot(400), plot(1200)),
        frame=pd.DataFrame({"event": []}),
    )
    records, manifest = small()
    selection = select(fill(*records, manifests=(manifest,)))
    rows = [line for line in lines(selection) if line.summary.model == "memnet"]
    page = model.render(selection, "memnet", rows, section(part, ""))
    files = figure_files(part)
    assert {*re.findall(r'"\.\./(figures/inspection[^"]*)"', page)} == {*files}
    assert len(files) == 2 * len(FILE_FORMS)
    assert page.count('class="wide"') == 1, "the wide figure has a line of its own"
    assert "A &lt;note&gt;." in page
    assert "inspection" not in model.render(selection, "memnet", rows)
