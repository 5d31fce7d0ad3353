"""Which display a run gets, and the bar of a notebook."""

import io
import sys
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from benchmarks.execution.display_choice import Notebook, choose_display
from benchmarks.execution.engines.interface import Event
from benchmarks.execution.progress import Lines, Live, Silent
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, plan, run

PLAN = plan("scripted", "scripted[act=raise]", seeds=1)
GOOD, BAD = PLAN.jobs


class Handle:
    """What a notebook's ``display`` returns: it notes what is shown."""

    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, content: str) -> None:
        self.shown.append(content)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace IPython, which is there only in a notebook, by a stand-in."""
    found: list[str] = []

    def display(content: str, display_id: bool) -> Handle:
        found.append(content)
        return Handle(found)

    stand_in: Any = ModuleType("IPython.display")
    stand_in.HTML, stand_in.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", stand_in)
    return found


def test_a_notebook_has_one_bar_that_counts_cells(shown: list[str]) -> None:
    display = Notebook(Console(file=io.StringIO(), force_jupyter=False), workers=1)
    display.plan(PLAN, [], [GOOD, BAD])
    record = {job.cell.id: run(job, ENVIRONMENT, lambda fraction: None) for job in PLAN.jobs}
    for event in (
        Event(job=GOOD),
        Event(job=GOOD, fraction=0.5),
        Event(job=GOOD, fraction=1.0, record=record[GOOD.cell.id]),
        Event(job=BAD),
        Event(job=BAD, fraction=1.0, record=record[BAD.cell.id]),
    ):
        display.show(event)
    values = [text.split('value="')[1].split('"')[0] for text in shown]
    assert values == ["0.000", "0.000", "0.500", "1.000", "1.000", "2.000"]
    assert all('max="2"' in text for text in shown)
    assert "0/2 cells · estimating" in shown[0]
    assert "1/2 cells" in shown[3]
    assert "left" in shown[3]
    assert "2/2 cells · 1 failed</div>" in shown[-1]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"force_jupyter": True}, Notebook),
        ({"force_terminal": True}, Live),
        ({"force_terminal": False}, Lines),
    ],
)
def test_the_display_fits_the_output(
    options: dict[str, bool], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "benchmarks.execution.display_choice.Console",
        lambda: Console(file=io.StringIO(), **options),
    )
    assert type(choose_display(1)) is kind
    assert type(choose_display(1, quiet=True)) is Silent
