"""Accuracy against the size of models, on the published records."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.selection import Selection, select
from reports.analysis.size_sweeps import size_sweeps
from reports.figures.choice import MAX_ROWS
from reports.figures.size_curves import draw, panel, single_rows, varying
from reports.figures.style import style_of
from results.store.store import Store

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


@pytest.fixture(scope="module")
def published() -> Selection:
    return select(Store(PUBLISHED))


def axes_of(selection: Selection, benchmark: str) -> Axes:
    """Draw accuracy against the state on a published benchmark."""
    [subject] = [one for one in selection.subjects if one.name == benchmark]
    sweeps = size_sweeps(selection.of(subject))
    axes = Figure().add_subplot()
    others = single_rows(selection.of(subject), sweeps)
    panel(axes, sweeps, others, "state", style_of(selection))
    return axes


def test_a_model_of_several_sizes_has_one_line(published: Selection) -> None:
    lines = {str(line.get_label()): line for line in axes_of(published, "mqar").lines}
    sizes = {label: np.asarray(line.get_xdata()).tolist() for label, line in lines.items()}
    assert sizes["DeltaNet"] == [10496, 37376, 140288]
    assert len(sizes["MemNet, chunk 32, heads 1, hebbian off"]) == 3
    assert {"MemNet", "Transformer (windowed)"} < set(lines)
    assert len(sizes["LSTM"]) == 1


def test_no_two_series_look_alike(published: Selection) -> None:
    lines = [one for one in axes_of(published, "mqar").lines if str(one.get_label())[0] != "_"]
    looks = {(line.get_color(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines) <= MAX_ROWS


def test_only_tasks_with_sizes_have_the_figure(published: Selection) -> None:
    style = style_of(published)
    found = {
        subject.name
        for subject in published.subjects
        if draw(subject, published.of(subject), style, "name") is not None
    }
    assert found == {"mqar"}


def test_only_costs_that_sizes_change_have_a_panel(published: Selection) -> None:
    """Slots and widths of keys hardly change the number of parameters."""
    [subject] = [one for one in published.subjects if one.name == "mqar"]
    assert varying(size_sweeps(published.of(subject))) == ["state"]
