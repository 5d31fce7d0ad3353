from collections.abc import Callable

from reports.analysis.provenance import provenance_facts
from reports.analysis.selection import select
from results.store.store import Store
from tests.reports.conftest import cell, provenance, task_record

Fill = Callable[..., Store]


def test_differences_are_flagged(fill: Fill) -> None:
    first, second = (task_record(cell("memnet", seed), [0.5]) for seed in (0, 1))
    other = second.model_copy(
        update={
            "provenance": provenance(cpu="Another CPU", dirty=True, packages={"torch": "2.9.0"})
        }
    )
    facts = {fact.name: fact for fact in provenance_facts(select(fill(first, other)))}
    assert facts["CPU"].values == (("A CPU", 1), ("Another CPU", 1))
    assert facts["CPU"].warning
    assert facts["numpy"].values == (("2.4.6", 1), ("not installed", 1))
    assert not facts["torch"].warning
    assert "commit alone" in facts["uncommitted changes"].warning


def test_no_records_no_facts(fill: Fill) -> None:
    assert provenance_facts(select(fill())) == []
