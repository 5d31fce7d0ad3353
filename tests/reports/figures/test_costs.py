"""Accuracy against costs, and the Pareto front."""

from reports.analysis.selection import select
from reports.figures import costs
from results.records.record import Record
from tests.reports.conftest import cell, failed_record, stream_record, task_record
from tests.reports.figures.drawn_figures import Fill, drawn


def costing(record: Record, state: int, cpu: float) -> Record:
    return record.model_copy(
        update={
            "cost": record.cost.model_copy(update={"state_bytes": state, "train_cpu_seconds": cpu})
        }
    )


def test_the_pareto_front_by_hand() -> None:
    """(1, 0.5) is the cheapest; (2, 0.7) and (8, 0.9) are better.

    (2, 0.4) is worse at a higher cost, and (9, 0.9) only costs more.
    """
    assert costs.pareto([2, 1, 8, 2, 9], [0.4, 0.5, 0.9, 0.7, 0.9]) == [1, 3, 2]
    assert costs.pareto([], []) == []


def test_each_cost_has_a_pareto_front(fill: Fill) -> None:
    small, large, slow = (
        costing(*one)
        for one in zip(
            (
                task_record(cell(model, 0), [score])
                for model, score in (("a", 0.5), ("b", 0.9), ("c", 0.4))
            ),
            (100, 4000, 5000),
            (9.0, 3.0, 9.5),
            strict=True,
        )
    )
    plot = drawn(costs.draw, select(fill(small, large, slow)))
    assert plot is not None
    assert "memory: a at 100 B, b at 4.0 kB; " in plot.description
    assert "CPU time: b at 3.0 s" in plot.description


def test_zero_and_unmeasured_costs_are_drawn(fill: Fill) -> None:
    """A naive learner's zero bytes are drawn on the log axis; old records have no CPU time."""
    records = [
        costing(
            stream_record(cell("m", 0, benchmark="s", method=method), [[0.5]], buffer=stored),
            state=0,
            cpu=0.0,
        )
        for method, stored in (("naive", 0), ("er", 9_000))
    ]
    plot = drawn(costs.draw, select(fill(*records)))
    assert plot is not None
    assert "CPU time: none" in plot.description
    assert drawn(costs.draw, select(fill(failed_record(cell("a", 0)), name="failed"))) is None
