from collections.abc import Callable

from reports.analysis.selection import select
from results.store.store import Store
from tests.reports.conftest import (
    TASK,
    cell,
    failed_record,
    manifest,
    small,
    stream_record,
    task_record,
)

Fill = Callable[..., Store]


def test_failed_and_pending_seeds_count_as_planned(fill: Fill) -> None:
    cells = [cell("memnet", seed) for seed in range(4)]
    store = fill(
        task_record(cells[1], [0.5]),
        task_record(cells[0], [0.5]),
        failed_record(cells[2]),
        manifests=(manifest(cells, TASK),),
    )
    selection = select(store)
    [entry] = selection.entries
    assert (entry.seeds, len(entry.failed), selection.missing) == ("2/4", 1, 1)
    assert [record.cell.seed for record in entry.ok] == [0, 1]
    assert (entry.subject.chance, entry.subject.kind) == (0.0625, "task")


def test_a_model_without_records_has_a_row(fill: Fill) -> None:
    [entry] = select(fill(manifests=(manifest([cell("memnet", 0)], TASK),))).entries
    assert (entry.seeds, entry.setting) == ("0/1", "")


def test_stale_records_are_in_no_row(fill: Fill) -> None:
    now, before = cell("memnet", 0, version="2"), cell("memnet", 0, version="1")
    selection = select(
        fill(
            task_record(now, [0.9]), task_record(before, [0.1]), manifests=(manifest([now], TASK),)
        )
    )
    assert [record.cell for record in selection.stale] == [before]
    [entry] = selection.entries
    assert [record.cell for record in entry.ok] == [now]


def test_records_without_a_plan_are_shown(fill: Fill) -> None:
    alien = cell("memnet", 0, benchmark="their-stream", method="naive")
    selection = select(fill(stream_record(alien, [[0.5, 0.5], [0.5, 0.5]])))
    [entry] = selection.entries
    assert (entry.seeds, entry.subject.kind, entry.subject.chance, entry.subject.primary) == (
        "1/1",
        "stream",
        None,
        "accuracy",
    )


def test_settings_are_never_mixed(fill: Fill) -> None:
    """Two plans with equal names and different settings: two rows, each with its own seeds."""
    before, now = (
        [cell("memnet", seed) for seed in (0, 1)],
        [cell("memnet", seed, version="2") for seed in (0, 1, 2)],
    )
    plans = (manifest(before, TASK, name="quick"), manifest(now, TASK, name="standard"))
    store = fill(*(task_record(one, [0.5]) for one in [*before, now[0]]), manifests=plans)
    selection = select(store)
    assert selection.ambiguous
    assert sorted(entry.seeds for entry in selection.entries) == ["1/3", "2/2"]
    assert not select(fill(*small()[0], name="plain")).ambiguous


def test_benchmarks_are_in_the_order_of_their_plan(fill: Fill) -> None:
    cells = [cell("memnet", 0, benchmark=name) for name in ("zebra", "ant")]
    members = [TASK.model_copy(update={"name": name}) for name in ("zebra", "ant")]
    store = fill(
        task_record(cell("memnet", 0, benchmark="alien"), [0.1]),
        manifests=(manifest(cells, *members),),
    )
    assert [subject.name for subject in select(store).subjects] == ["zebra", "ant", "alien"]
