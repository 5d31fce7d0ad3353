from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.forgetting_table import (
    forgetting_answer,
    forgetting_table,
    least_forgetting,
)
from reports.site.front import render
from reports.site.lines import lines
from results.store.store import Store
from tests.reports.conftest import STREAM, cell, manifest, stream_record

Fill = Callable[..., Store]


def filled(fill: Fill, retained: dict[str, tuple[float, float]], *budgets: int) -> Store:
    """Methods with the accuracy that they retain after the last experience, and its step by seed.

    A step makes the seeds differ, and the second budget retains 0.05 more.
    """
    cells = [
        cell("mlp", seed, benchmark="split-digits", method=f"{method}[total_budget={budget}]")
        for budget in budgets
        for method in retained
        for seed in range(5)
    ]
    records = []
    for one in cells:
        level, step = retained[one.method.partition("[")[0]]
        level += 0.05 * one.method.endswith("=2000000]") - one.seed * step
        records.append(stream_record(one, [[1.0, 0.1], [level, 1.0]]))
    plan = manifest(cells, STREAM)
    described = [{"name": one, "role": "budget"} for one in sorted({c.method for c in cells})]
    plan = plan.model_validate({**plan.model_dump(by_alias=True), "methods": described})
    return fill(*records, manifests=(plan,))


RETAINED = {"er": (0.9, 0.01), "memnet": (0.5, 0.02), "gdumb": (0.4, 0.01)}


def test_the_method_that_forgets_least_is_named_at_each_budget(fill: Fill) -> None:
    table = forgetting_table(select(filled(fill, RETAINED, 160_000)))
    assert table is not None
    [row] = table.rows
    assert row.cells[:3] == ("split-digits", "160 kB in all", "er")
    assert row.cells[3].startswith("0.120")
    assert row.cells[6] == "memnet"
    assert row.cells[5] == "significant"


def test_the_front_page_answers_for_160_kB_and_2_MB_in_all(fill: Fill) -> None:
    selection = select(filled(fill, RETAINED, 160_000, 2_000_000))
    assert forgetting_answer(selection) == (
        "At 160 kB in all, least forgetting: er on split-digits (0.120 ± 0.020 at accuracy 0.940; "
        "significantly less than memnet 0.540 ± 0.039). At 2.0 MB in all, least forgetting: er on "
        "split-digits (0.070 ± 0.020 at accuracy 0.965; significantly less than memnet "
        "0.490 ± 0.039)."
    )
    head, _, rest = render(selection, lines(selection)).partition("<nav")
    assert "At 160 kB in all, least forgetting: er on split-digits (0.120 ± 0.020 at" in head
    assert "At 2.0 MB in all, least forgetting: er on split-digits (0.070 ± 0.020 at" in head
    assert 'id="forgetting"' in rest


def test_the_difference_is_corrected_over_all_methods_of_the_budget(fill: Fill) -> None:
    """The first two differ with p = 0.013; third of six pairs, Holm's rule multiplies it by 4."""
    noise = (0.0, 0.02, -0.02, 0.01, -0.01)
    levels = {"er": 0.9, "gdumb": 0.87, "slda": 0.5, "agem": 0.3}
    cells = [
        cell("mlp", seed, benchmark="split-digits", method=f"{method}[total_budget=160000]")
        for method in levels
        for seed in range(5)
    ]
    records = [
        stream_record(
            one,
            [
                [1.0, 0.1],
                [
                    levels[one.method.partition("[")[0]]
                    + noise[one.seed] * one.method.startswith("gdumb"),
                    1.0,
                ],
            ],
        )
        for one in cells
    ]
    found = {}
    for name, used in (("two", ("er", "gdumb")), ("four", tuple(levels))):
        chosen = [one for one in records if one.cell.method.startswith(used)]
        [row] = least_forgetting(select(fill(*chosen, name=name)))
        found[name] = row.verdict
    assert found == {"two": "significant", "four": "tie"}


def test_streams_without_budgets_have_no_table(fill: Fill) -> None:
    records = [
        stream_record(cell("mlp", 0, benchmark="split-digits", method="er"), [[1.0, 0.1], [1, 1]])
    ]
    assert forgetting_table(select(fill(*records))) is None
