"""The figures of statistics: costs, comparisons, profiles, query groups, slots."""

from collections.abc import Callable

import numpy as np
import pytest

from reports.analysis.selection import Selection, select
from reports.analysis.summary import ranked
from reports.figures import (
    costs,
    group_accuracies,
    paired_differences,
    profiles,
    slot_statistics,
    style,
)
from reports.figures.plot import Plot
from reports.figures.slot_survival import at
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import cell, failed_record, slots, stream_record, task_record

Fill = Callable[..., Store]
Draw = Callable[..., Plot | None]


def drawn(draw: Draw, selection: Selection) -> Plot | None:
    subject = selection.subjects[0]
    return draw(
        subject,
        tuple(entry for entry, _ in ranked(selection, subject)),
        style.style_of(selection),
        "name",
    )


def costing(record: Record, state: int, cpu: float) -> Record:
    return record.model_copy(
        update={
            "cost": record.cost.model_copy(update={"state_bytes": state, "train_cpu_seconds": cpu})
        }
    )


def scored(model: str, *scores: float) -> list[Record]:
    return [task_record(cell(model, seed), [score]) for seed, score in enumerate(scores)]


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


def test_the_best_row_is_compared_with_each_other_row(fill: Fill) -> None:
    wobble = np.linspace(0, 0.05, 10)
    plot = drawn(
        paired_differences.draw_best,
        select(
            fill(*scored("a", *(0.5 + wobble)), *scored("b", *(0.9 - wobble)), *scored("c", 0.2))
        ),
    )
    assert plot is not None
    assert plot.title == "delayed-recall: b against the others"
    assert "a: difference 0.35" in plot.description
    assert "significant" in plot.description
    assert (
        drawn(
            paired_differences.draw_best,
            select(fill(*scored("a", 0.5), *scored("b", 0.4), name="single")),
        )
        is None
    )


def test_profiles_need_three_runs(fill: Fill) -> None:
    plot = drawn(profiles.draw, select(fill(*scored("a", 0.5, 0.6, 0.7), *scored("b", 0.1))))
    assert plot is not None
    assert "half of the runs of a are above 0.5" in plot.description
    assert drawn(profiles.draw, select(fill(*scored("a", 0.5, 0.6), name="few"))) is None


def test_query_groups_have_panels(fill: Fill) -> None:
    record = task_record(cell("a", 0), [0.5])
    curves = {
        **record.curves,
        "accuracy_by_distance_one_hop": [[128, 0.75, 9], [256, 0.25, 9]],
        "accuracy_by_distance_<b>": [[1, 1, 1]],
    }
    plot = drawn(group_accuracies.draw, select(fill(record.model_copy(update={"curves": curves}))))
    assert plot is not None
    assert plot.description.endswith("one hop, a: 0.750 to 0.250.")
    assert drawn(group_accuracies.draw, select(fill(record, name="plain"))) is None


def test_step_curves_are_evaluated_between_steps() -> None:
    found = at(np.array([0.0, 1.5, 2.0, 9.0]), np.array([0.0, 2.0, 5.0]), np.array([1.0, 0.5, 0.1]))
    np.testing.assert_array_equal(found, [1.0, 1.0, 0.5, np.nan])


def test_lifetimes_are_restricted_means(fill: Fill) -> None:
    """All live to 10, eight in ten to 50, four in ten to 400: 10 + 0.8 · 40 + 0.4 · 350."""
    plot = drawn(
        slot_statistics.draw, select(fill(task_record(cell("memnet", 0), [0.5], slots=slots(0))))
    )
    assert plot is not None
    assert "mean lifetime: memnet 182" in plot.description


def test_a_single_seed_has_its_own_band(fill: Fill) -> None:
    curve = {"time": [0.0, 5.0], "survival": [1.0, 0.5], "low": [1.0, 0.2], "high": [1.0, 0.8]}
    records = [
        task_record(cell("memnet", 0), [0.5], slots={"occupancy": 0.5, "lifetimes": given})
        for given in (curve, {"time": [0.0, 5.0], "survival": [1.0, 0.5]})
    ]
    with_band, without = (
        drawn(slot_statistics.draw, select(fill(record, name=str(place))))
        for place, record in enumerate(records)
    )
    assert with_band is not None
    assert without is not None
    assert with_band.svg != without.svg


@pytest.mark.parametrize("count", [6, 12])
def test_methods_have_distinct_fills(count: int) -> None:
    given = style.fills([f"method-{place}" for place in range(count)])
    assert len(set(given.values())) == min(count, len(style.FILLS))
    assert style.fills(["er", "naive", "memnet"]) == {
        "er": "left",
        "naive": "none",
        "memnet": "full",
    }


def test_colours_are_shared_only_when_all_are_used() -> None:
    looks = style.looks(
        ["memnet", "lstm", *(f"model-{place}" for place in range(len(style.COLOURS) - 1))]
    )
    assert len({look.colour for look in looks.values()}) == len(looks)


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
