from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from benchmarks.cli.app import app
from benchmarks.cli.cell_list import MAX_LISTED
from benchmarks.execution.store_status import merged_manifest
from benchmarks.planning.plan import Plan
from reports.analysis.selection import select
from results.errors import UsageError
from results.store.store import Store
from tests.benchmarks.command import WITH_PLUGINS
from tests.benchmarks.execution.test_store_status import finish, plan

OLD = ("training.learning_rate=0.5",)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two models of two seeds: the first has records at an old rate, the second failed."""
    store = Store.open(tmp_path / "store", create=True)
    finish(store, plan("scripted", settings=OLD))
    finish(store, plan("scripted", seeds=(0,)))
    finish(store, plan("scripted[act=raise]"), ok=False)
    write_manifest(store, plan("scripted", "scripted[act=raise]"))
    return store


def write_manifest(store: Store, a_plan: Plan) -> None:
    store.write_manifest(merged_manifest(a_plan, store))


def ids(a_plan: Plan) -> list[str]:
    return [job.cell.id for job in a_plan.jobs]


def memnet(store: Store, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, [*arguments, "--store", str(store.root)], input=answer)


def wee(*options: str) -> tuple[str, ...]:
    return ("wee", *WITH_PLUGINS, "--seeds", "2", *options)


def test_cells_are_listed_and_confirmed(store: Store) -> None:
    [old, _] = ids(plan("scripted", settings=OLD))
    before = store.ids()
    refused = memnet(store, "remove", old, answer="n\n")
    assert f"{old}  wee · scripted · supervised · seed 0: done" in refused.stdout
    assert "Delete 1 cell with logs, checkpoints and weights? [y/N]" in refused.stdout
    assert (refused.exit_code, store.ids()) == (1, before)
    accepted = memnet(store, "remove", old, answer="y\n")
    assert "removed 1 of 1 cell" in accepted.stdout
    assert sorted({*before} - {*store.ids()}) == [old]


@pytest.mark.parametrize(
    ("status", "seed"), [("--stale", 1), ("--superseded", 0)], ids=["stale", "superseded"]
)
def test_outdated_cells_are_chosen_by_status(store: Store, status: str, seed: int) -> None:
    before = store.ids()
    done = memnet(store, "remove", *wee("--models", "scripted", status, "--yes"))
    assert "training.learning_rate 0.5, now" in done.stdout
    assert {*before} - {*store.ids()} == {ids(plan("scripted", settings=OLD))[seed]}


def test_failed_cells_stay_planned(store: Store) -> None:
    assert memnet(store, "remove", "--failed", "--yes").exit_code == 0
    rows = {entry.model: entry.seeds for entry in select(store).entries}
    assert rows["scripted[act=raise]"] == "0/2"
    assert not {*ids(plan("scripted[act=raise]"))} & {*store.ids()}


def test_other_cells_leave_the_manifest(store: Store) -> None:
    done = memnet(store, "remove", "--models", "scripted[act=raise]", "--yes")
    assert "removed 2 of 2 cells" in done.stdout
    assert {cell.model for one in store.manifests() for cell in one.cells} == {"scripted"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing is chosen"),
        (("--stale",), "give the NAME"),
        (("0123456789abcdef",), "has no record of cell 0123456789abcdef"),
        (("0123456789abcdef", "--failed"), "cannot be combined"),
        (("wee", "quick"), "one name"),
    ],
)
def test_an_unclear_choice_is_an_error(
    store: Store, arguments: tuple[str, ...], message: str
) -> None:
    before = store.ids()
    done = memnet(store, "remove", *arguments, "--yes")
    assert isinstance(done.exception, UsageError)
    assert message in str(done.exception)
    assert store.ids() == before


def test_status_lists_failed_stale_and_superseded_records(store: Store) -> None:
    lines = memnet(store, "status", *wee("--models", "scripted")).stdout.splitlines()
    rate = plan("scripted").jobs[0].cell.config["training"]["learning_rate"]
    superseded, stale = ids(plan("scripted", settings=OLD))
    for cell_id, seed in ((superseded, 0), (stale, 1)):
        assert (
            f"  {cell_id}  wee · scripted · supervised · seed {seed}: "
            f"training.learning_rate 0.5, now {rate}"
        ) in lines
    assert f"  {ids(plan('scripted[act=raise]'))[0]}  " in "\n".join(lines)


def test_status_lists_all_cells_on_request(store: Store) -> None:
    seeds = tuple(range(MAX_LISTED + 2))
    finish(store, plan("scripted[act=raise]", seeds=seeds), ok=False)
    options = ("wee", *WITH_PLUGINS, "--models", "scripted[act=raise]", "--seeds", str(len(seeds)))
    short, long = (memnet(store, "status", *options, *more).stdout for more in ((), ("--all",)))
    assert short.count("seed ") < long.count("seed ")
    assert "… and 2 more (--all lists them)" in short
    assert "more (--all" not in long
