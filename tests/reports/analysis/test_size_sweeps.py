from collections.abc import Callable

from pydantic import JsonValue

from reports.analysis.selection import select
from reports.analysis.size_sweeps import SizeSweep, size_sweeps
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record

Fill = Callable[..., Store]
PLAIN: dict[str, JsonValue] = {"slots": 64, "heads": 2, "hebbian": True}


def sized(model: str, state: int, score: float = 0.5, **changed: JsonValue) -> Record:
    """Return a record of a model with these options and this state."""
    of = cell(model, 0)
    of = of.model_copy(update={"config": {**of.config, "model": {**PLAIN, **changed}}})
    made = task_record(of, [score])
    return made.model_copy(update={"cost": made.cost.model_copy(update={"state_bytes": state})})


def sweeps(fill: Fill, *records: Record, role: str = "size") -> list[SizeSweep]:
    plan = manifest([record.cell for record in records], TASK)
    names = {record.cell.model for record in records if "[" in record.cell.model}
    described = [{"name": name, "summary": "", "role": role} for name in sorted(names)]
    raw = plan.model_dump(mode="json") | {"models": described}
    selection = select(fill(*records, manifests=(type(plan).model_validate(raw),)))
    return size_sweeps(selection.entries)


def test_a_sweep_contains_the_plain_model_and_its_sizes_by_rising_state(fill: Fill) -> None:
    [found] = sweeps(
        fill,
        sized("memnet", 64, 0.6),
        sized("memnet[slots=128]", 128, 0.7, slots=128),
        sized("memnet[slots=32]", 32, 0.4, slots=32),
        sized("lstm", 10),
    )
    assert (found.model, found.shared, found.named.model) == ("memnet", "", "memnet")
    points = found.points("state")
    assert [(state, row.mean) for state, row in points] == [(32, 0.4), (64, 0.6), (128, 0.7)]
    assert found.points("parameters") == []  # all rows have the same number


def test_rows_with_other_options_are_other_sweeps(fill: Fill) -> None:
    """The plain model has a graph, so it is not a size of the models without one."""
    records = [
        sized(f"memnet[hebbian=false,slots={slots}]", slots, hebbian=False, slots=slots)
        for slots in (16, 32)
    ]
    one_head = sized("memnet[heads=1]", 40, heads=1)
    first, second = sweeps(fill, sized("memnet", 64), *records, one_head)
    assert [entry.model for entry, _ in first.rows] == [
        "memnet[heads=1]",
        "memnet",
    ]
    assert (second.shared, len(second.rows)) == ("hebbian=false", 2)


def test_options_that_change_no_cost_and_ablations_are_no_sweep(fill: Fill) -> None:
    hops = sized("memnet[hops=1]", 64, hops=1)
    assert sweeps(fill, sized("memnet", 64), hops) == []
    less = sized("memnet[slots=8]", 8, slots=8)
    assert sweeps(fill, sized("memnet", 64), less, role="ablation") == []
