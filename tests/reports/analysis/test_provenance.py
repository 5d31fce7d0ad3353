from collections.abc import Callable

from reports.analysis.provenance import provenance_facts
from reports.analysis.selection import select
from reports.site import row
from results.records.record_parts import Plugin
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


def test_entries_from_outside_are_named_with_their_digests(fill: Fill) -> None:
    """The flag of the checkout does not speak of them."""
    plugin = Plugin(
        kind="model", name="mine", version="1", digest=f"sha256:{'0123456789abcdef' * 4}"
    )
    own, built_in = (task_record(cell("mine", seed), [0.5]) for seed in (0, 1))
    own = own.model_copy(update={"provenance": provenance(plugins=(plugin,))})
    selection = select(fill(own, built_in))
    facts = {fact.name: fact for fact in provenance_facts(selection)}
    assert facts["entries from outside"].values == (("model mine, sha256:0123456789ab…", 1),)
    assert not facts["uncommitted changes"].warning
    page = row.render(selection.entries[0], ambiguous=False, defaults={})
    assert "model mine, sha256:0123456789ab…" in page
    names = [fact.name for fact in provenance_facts(select(fill(built_in, name="other")))]
    assert "entries from outside" not in names


def test_no_records_no_facts(fill: Fill) -> None:
    assert provenance_facts(select(fill())) == []
