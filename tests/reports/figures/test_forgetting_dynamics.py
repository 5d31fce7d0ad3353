"""Slots over a stream: means over seeds, policies, survival."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from reports.analysis.selection import select
from reports.figures import forgetting_dynamics
from results.records.record import Record
from tests.reports.conftest import cell, task_record
from tests.reports.figures.drawn_figures import Fill, drawn


def followed(seed: int, hit: float, model: str = "a") -> Record:
    record = task_record(cell(model, seed), [0.5])
    curves = {
        "memory_over_time": [
            [64.0, None, 0.5, 0.25, 1.0, 1.0, None],
            [128.0, hit, 0.5, 0.25, 1.0, 1.0, -1.0],
        ],
        "survival_useful": [[0.0, 1.0, 1.0, 1.0], [64.0, 0.5, 0.4, 0.6]],
        "survival_useless": [[0.0, 0.25, 0.2, 0.3]],
    }
    return record.model_copy(
        update={
            "curves": record.curves | curves,
            "metrics": record.metrics | {"hit_rate": hit, "hit_rate_lru": 0.25},
        }
    )


def test_rows_with_slots_are_drawn(fill: Fill) -> None:
    records = (followed(0, 0.25), followed(1, 0.75), task_record(cell("b", 0), [0.5]))
    plot = drawn(forgetting_dynamics.draw, select(fill(*records)))
    assert plot is not None
    assert plot.description.endswith("survival of items. a has a hit rate of 0.500.")


def test_policies_have_lines_at_their_mean_hit_rates(fill: Fill) -> None:
    entries = select(fill(followed(0, 0.25), followed(1, 0.75))).entries
    axes = Figure().subplots()
    forgetting_dynamics._policies(axes, entries)
    assert [text.get_text() for text in axes.texts] == ["LRU"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.25, 0.25]]


def test_means_over_seeds_leave_out_what_is_unknown(fill: Fill) -> None:
    (entry,) = select(fill(followed(0, 0.25), followed(1, 0.75))).entries
    curve = forgetting_dynamics._over_time(entry)
    assert curve is not None
    assert np.isnan(curve[0, [1, 6]]).all()
    assert curve[1].tolist() == pytest.approx([128.0, 0.5, 0.5, 0.25, 1.0, 1.0, -1.0])


def test_models_without_slots_have_no_figure(fill: Fill) -> None:
    assert drawn(forgetting_dynamics.draw, select(fill(task_record(cell("b", 0), [0.5])))) is None


@pytest.mark.parametrize("rows", ["no list", [[64.0, 0.5]], [["x"] * 7], [[10**400] * 7]])
def test_malformed_curves_are_left_out(fill: Fill, rows: object) -> None:
    bad = followed(0, 0.25)
    bad = bad.model_copy(update={"curves": bad.curves | {"memory_over_time": rows}})
    assert drawn(forgetting_dynamics.draw, select(fill(bad))) is None
