"""Options of training that no official protocol gives."""

from collections.abc import Callable
from typing import Any

import pytest

from reports.analysis.selection import select
from reports.analysis.training_options import defaults, standing, unofficial_options
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record

Fill = Callable[..., Store]
KNOWN = {TASK.name: {"steps": 200, "streams": 32}}


@pytest.mark.parametrize(
    ("options", "training", "expected"),
    [
        ({"steps": 200}, {}, {}),
        ({"steps": 40, "streams": 2}, {}, {"steps": 40}),
        ({"steps": 40, "own": 1}, {"protocol": "converged"}, {}),
        ({"steps": 40, "protocol": "vandeven2022"}, {}, {}),
    ],
)
def test_options_that_differ_from_the_defaults(
    fill: Fill, options: dict[str, Any], training: dict[str, Any], expected: dict[str, Any]
) -> None:
    config = {"benchmark": options, "model": {}, "training": training}
    one = cell("lstm", 0).model_copy(update={"config": config})
    [entry] = select(fill(task_record(one, [0.5]))).entries
    assert unofficial_options(entry, KNOWN) == expected
    assert unofficial_options(entry, KNOWN, {TASK.name: ({"steps": 40},)}) == {}
    assert standing([entry], KNOWN) == (0 if expected else 2)
    assert standing([entry], {}) == 2, "without known defaults no option is another one"


def test_options_of_the_evaluation_are_less_official_than_the_defaults(fill: Fill) -> None:
    config = {"benchmark": {"steps": 200, "streams": 2}, "model": {}, "training": {}}
    one = cell("lstm", 0).model_copy(update={"config": config})
    entries = select(fill(task_record(one, [0.5]))).entries
    assert standing(entries, KNOWN) == 1
    assert standing(entries, KNOWN, {TASK.name: ({"streams": 2},)}) == 2
    assert standing([], KNOWN) == 0


def test_a_default_on_which_manifests_disagree_is_unknown(fill: Fill) -> None:
    plans = [
        manifest([], TASK.model_copy(update={"defaults": {"steps": steps, "streams": 32}}))
        for steps in (200, 100)
    ]
    named = [plan.model_copy(update={"name": f"plan-{i}"}) for i, plan in enumerate(plans)]
    assert defaults(select(fill(manifests=tuple(named)))) == {TASK.name: {"streams": 32}}
