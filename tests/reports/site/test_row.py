from collections.abc import Callable

from reports.analysis.selection import Selection, select
from reports.site import addresses, row
from results.store.store import Store
from tests.reports.conftest import cell, failed_record, provenance, stream_record, task_record

Fill = Callable[..., Store]


def rendered(selection: Selection) -> str:
    [entry] = selection.entries
    return row.render(entry, ambiguous=False, defaults={})


def test_the_heading_is_a_title_and_the_names_are_below_it(fill: Fill) -> None:
    selection = select(fill(task_record(cell("memnet[hops=1]", 0), [0.5])))
    heading, _, below = rendered(selection).partition("<h1>")[2].partition("</h1>")
    assert heading == f"memnet, hops 1 on {selection.subjects[0].shown}"
    assert "<code>memnet[hops=1]</code>" in below


def test_every_seed_has_an_anchor_and_its_numbers(fill: Fill) -> None:
    records = [task_record(cell("memnet", seed), [0.5 + seed / 10]) for seed in (0, 1)]
    page = rendered(select(fill(*records, failed_record(cell("memnet", 2), "no memory"))))
    assert '<tr id="seed-1"><th scope=row class=n>1<td class=n>0.600' in page
    assert '<h2 id="seed-2">Error of seed 2</h2>' in page
    assert "MemoryError: no memory" in page
    assert all(page.count(f'id="seed-{seed}"') == 1 for seed in (0, 1, 2))
    assert "<strong>0.550 [0.000, 1.000]</strong> over 2 seeds" in page
    assert all(record.id in page for record in records)
    assert page.count("--seeds 0-2") == 1


def test_curves_have_a_line_and_matrices_a_table_per_seed(fill: Fill) -> None:
    matrix = [[0.9, 0.1], [0.2, 0.9]]
    streams = [
        stream_record(cell("mlp", seed, benchmark="s", method="er"), matrix) for seed in (0, 1)
    ]
    tasks = [task_record(cell("mlp", seed), [0.9, 0.5]) for seed in (0, 1)]
    assert rendered(select(fill(*streams, name="s"))).count('<table class="matrix">') == 2
    page = rendered(select(fill(*tasks, name="t")))
    assert page.count("<polyline ") == 2
    assert "<title>seed 1</title>" in page


def test_provenance_is_split_into_what_seeds_share_and_the_rest(fill: Fill) -> None:
    first, second = (task_record(cell("memnet", seed), [0.5]) for seed in (0, 1))
    other = provenance(cpu="Another CPU", packages={"torch": "2.0"})
    second = second.model_copy(update={"provenance": other})
    runs, _, shared = (
        rendered(select(fill(first, second)))
        .partition('id="provenance"')[2]
        .partition("<span>All seeds</span>")
    )
    assert ("Another CPU" in runs, "Another CPU" in shared) == (True, False)
    assert (first.provenance.commit or "") not in runs
    assert (first.provenance.commit or "") in shared
    assert "Packages of seeds 1,: torch 2.0" in shared


def test_rows_that_differ_in_the_setting_have_pages_of_their_own(fill: Fill) -> None:
    records = [task_record(cell("memnet", 0, version=version), [0.5]) for version in ("1", "2")]
    first, second = select(fill(*records)).entries
    assert addresses.row_page(first) != addresses.row_page(second)
    assert addresses.seed(first, 3) == f"{addresses.row_page(first)}#seed-3"
