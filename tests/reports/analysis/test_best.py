"""Which row is marked as the best one."""

from collections.abc import Callable

from reports.analysis.best import best_row
from reports.analysis.selection import select
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record

Fill = Callable[..., Store]


def scored(model: str, *scores: float) -> list[Record]:
    return [task_record(cell(model, seed), [score]) for seed, score in enumerate(scores)]


def best(fill: Fill, *records: Record, name: str, chance: float | None = None) -> str | None:
    member = TASK.model_copy(update={"chance": chance})
    plan = manifest([one.cell for one in records], member)
    selection = select(fill(*records, manifests=(plan,), name=name))
    found = best_row(selection.compared(selection.subjects[0]))
    return found and found.model


def test_the_best_of_several_rows_that_compete(fill: Fill) -> None:
    rows = [*scored("gru", 0.4), *scored("lstm", 0.3), *scored("bigram", 0.9)]
    assert best(fill, *rows, name="several") == "gru"
    assert best(fill, *rows[:1], *rows[2:], name="one") is None


def test_a_single_seed_is_not_the_best_of_rows_with_several(fill: Fill) -> None:
    rows = [*scored("gru", 0.9), *scored("lstm", 0.3, 0.3)]
    assert best(fill, *rows, name="single") is None
    assert best(fill, *rows[:2], name="both") == "gru"


def test_no_row_at_chance_is_the_best(fill: Fill) -> None:
    near = [*scored("gru", 0.0004, 0.0), *scored("lstm", 0.0, 0.0)]
    assert best(fill, *near, name="rounded") is None
    above = [*scored("gru", 0.5, 0.6), *scored("lstm", 0.1, 0.1)]
    assert best(fill, *above, name="below", chance=0.6) is None
    assert best(fill, *above, name="above", chance=0.5) == "gru"


def test_with_enough_seeds_the_lead_over_chance_is_tested(fill: Fill) -> None:
    rows = [*scored("gru", 0.9, 0.1, 0.2, 0.8, 0.6), *scored("lstm", *[0.1] * 5)]
    assert best(fill, *rows, name="wide", chance=0.5) is None
    assert best(fill, *rows, name="narrow", chance=0.01) == "gru"
