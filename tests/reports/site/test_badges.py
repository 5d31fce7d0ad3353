from collections.abc import Callable
from typing import Any

import pytest

from reports.analysis.selection import select
from reports.site import row
from reports.site.badges import EARLIER, badges
from reports.site.front import outdated_note
from reports.site.lines import lines
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]
DEFAULTS = {"delayed-recall": {"steps": 200, "streams": 32}}


@pytest.mark.parametrize(
    ("options", "training", "seeds", "expected"),
    [
        ({"steps": 200}, {}, 3, ()),
        ({"steps": 40}, {}, 3, ("no official protocol: steps 40",)),
        ({"steps": 40}, {"protocol": "converged"}, 3, ()),
        ({"steps": 200, "streams": 2}, {}, 2, ("2 seeds: not tested",)),
        ({"steps": 40, "protocol": "vandeven2022"}, {}, 1, ("one seed: not tested",)),
    ],
)
def test_badges(
    fill: Fill, options: dict[str, Any], training: dict[str, Any], seeds: int, expected: object
) -> None:
    config = {"benchmark": options, "model": {}, "training": training}
    cells = [cell("lstm", seed).model_copy(update={"config": config}) for seed in range(seeds)]
    [entry] = select(fill(*[task_record(one, [0.5]) for one in cells])).entries
    assert badges(entry, DEFAULTS) == expected


def test_without_known_defaults_no_option_is_marked(fill: Fill) -> None:
    [entry] = select(fill(*[task_record(cell("lstm", seed), [0.5]) for seed in range(3)])).entries
    assert badges(entry, {}) == ()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"steps": 40, "batch_size": 16}, ()),
        ({"steps": 200, "batch_size": 64}, ()),
        ({"steps": 40, "batch_size": 64}, ("no official protocol: steps 40",)),
        (
            {"steps": 200, "batch_size": 16},
            ("no official protocol: batch size 16",),
        ),
    ],
)
def test_options_of_a_suite_are_official_as_a_whole(
    fill: Fill, options: dict[str, Any], expected: object
) -> None:
    known = {"delayed-recall": {"steps": 200, "batch_size": 64}}
    official = {"delayed-recall": ({"steps": 40, "batch_size": 16},)}
    config = {"benchmark": options, "model": {}, "training": {}}
    cells = [cell("lstm", seed).model_copy(update={"config": config}) for seed in range(3)]
    [entry] = select(fill(*[task_record(one, [0.5]) for one in cells])).entries
    assert badges(entry, known, official) == expected


def test_a_row_of_an_earlier_version_is_marked_and_counted(fill: Fill) -> None:
    records = [task_record(cell(model, seed), [0.5]) for model in ("a", "b") for seed in range(3)]
    selection = select(fill(*records))
    earlier = {records[1].id: "training had version 1, now 2"}
    found = lines(selection, outdated=earlier)
    assert [line.badges for line in found] == [(EARLIER,), ()]
    assert outdated_note(found).startswith("1 of 2 rows were measured with earlier versions")
    assert outdated_note(lines(selection)) == ""
    page = row.render(found[0].entry, ambiguous=False, defaults={}, outdated=earlier)
    assert "earlier version of the code: training had version 1, now 2." in page
