"""The display of a run: lines, and bars with the time left."""

import io

import pytest
from rich.console import Console

from benchmarks.execution.engines.interface import Event
from benchmarks.execution.progress import (
    Lines,
    Live,
    Silent,
    format_duration,
    result_line,
    without_controls,
)
from results.records.header import header_of
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, plan, run

A_PLAN = plan("scripted", "scripted[act=raise]", seeds=2)
GOOD, BAD, OTHER, LAST = A_PLAN.jobs
RECORDS = {job.cell.id: run(job, ENVIRONMENT, lambda fraction: None) for job in A_PLAN.jobs}


def events() -> list[Event]:
    """Two cells run here, one of them twice, and another runner makes a third one."""
    return [
        Event(job=GOOD),
        Event(job=BAD),
        Event(job=GOOD, fraction=0.5),
        Event(job=BAD, note="killed by signal 15; tried again"),
        Event(job=BAD, fraction=1.0, record=RECORDS[BAD.cell.id]),
        Event(job=OTHER, fraction=1.0, record=RECORDS[OTHER.cell.id], elsewhere=True),
        Event(job=GOOD, fraction=1.0, record=RECORDS[GOOD.cell.id]),
    ]


def shown(kind: type[Lines], **options: bool) -> str:
    text = io.StringIO()
    console = Console(file=text, width=200, force_terminal=kind is Live)
    display = Live(console, 2, **options) if kind is Live else Lines(console, **options)
    display.plan(A_PLAN, [header_of(RECORDS[LAST.cell.id])], [GOOD, BAD, OTHER])
    with display:
        for event in events():
            display.show(event)
            if isinstance(display, Live):
                display.progress.refresh()
    return text.getvalue()


@pytest.mark.parametrize("kind", [Lines, Live])
def test_each_finished_cell_has_a_line(kind: type[Lines]) -> None:
    lines = [line.strip() for line in shown(kind).splitlines()]
    assert lines[0].endswith(
        "4 cells: 0 done, 1 failed (--rerun failed tries them again), 3 to run"
    )
    text = "\n".join(lines)
    assert "tried again" in text
    for number, (job, end) in enumerate(
        [(BAD, "FAILED: RuntimeError: scripted error"), (OTHER, "(by another runner)"), (GOOD, "")],
        2,
    ):
        (line,) = [line for line in lines if f"[{number}/4]" in line]
        assert job.cell.label in line
        assert end in line


def test_verbose_prints_the_start_of_cells() -> None:
    text = shown(Lines, verbose=True)
    assert text.count("started (") == 2, "another runner's cell does not start here"


def test_bars_show_the_fraction_done() -> None:
    text = shown(Live)
    assert "50%" in text
    assert "4/4 cells · 2 failed" in text


def test_silent_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    silent.plan(A_PLAN, [], A_PLAN.jobs)
    with silent:
        for event in events():
            silent.show(event)
    assert capsys.readouterr() == ("", "")


def test_control_characters_are_replaced() -> None:
    assert (
        without_controls("a\x1b[31mb\x07\n\tc")
        == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}\n\tc"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.23, "4.2 s"), (59.6, "1:00"), (185, "3:05"), (7385, "2:03:05")]
)
def test_format_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_metric_that_was_not_measured_differs_from_an_undefined_one() -> None:
    record = RECORDS[GOOD.cell.id]
    short = record.model_copy(update={"metrics": {"accuracy_at_64": 1.0, "accuracy_at_1024": 1.0}})
    assert result_line(short, {"wee": "accuracy_at_8192"}).endswith(
        "accuracy_at_8192 was not measured; there is accuracy_at_64, accuracy_at_1024"
    )
    bounded = record.model_copy(update={"metrics": {"accuracy_at_8192": None}})
    assert result_line(bounded, {"wee": "accuracy_at_8192"}).endswith("accuracy_at_8192 n/a")
