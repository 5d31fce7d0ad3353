"""Pages of methods, and the links that lead to them."""

import re
from collections.abc import Callable

from reports.analysis.selection import Selection, select
from reports.site import addresses, benchmark, front, method
from reports.site.lines import lines
from results.store.store import Store
from tests.reports.conftest import cell, stream_record

Fill = Callable[..., Store]

METHODS = ("er", "er[budget=2000]", "er[size=2]", "naive", "memnet")


def streams(fill: Fill) -> Selection:
    return select(
        fill(
            *(
                stream_record(cell("mlp", 0, benchmark=name, method=one), [[0.9, 0.1], [0.5, 0.9]])
                for name in ("digits", "letters")
                for one in METHODS
            )
        )
    )


def test_a_method_has_its_results_on_all_streams_without_ablations(fill: Fill) -> None:
    selection = streams(fill)
    found = lines(selection)
    assert method.methods(found) == ["er", "memnet", "naive"]
    page = method.render(selection, "er", found)
    assert "<h1>er</h1>" in page
    assert page.count('<tr><th scope="row"><a href="../benchmarks/') == 4
    assert "er[size=2]" not in page
    [row, *_] = [one.entry for one in found if one.entry.method == "er"]
    assert f'<a href="../{addresses.row_page(row)}">er</a>' in page
    assert "2 ablations or sizes of it are on the streams' pages." in page.replace("&#39;", "'")


def test_a_link_with_the_name_of_a_method_leads_to_its_page_or_its_row(fill: Fill) -> None:
    selection = streams(fill)
    found, subject = lines(selection), selection.subjects[0]
    on_stream = benchmark.render(
        selection, subject, [one for one in found if one.entry.subject == subject], []
    )
    ranking, _, seeds = on_stream.partition('id="seeds"')
    assert targets(ranking, "naive") == {"../methods/naive.html"}
    [row] = [
        one.entry for one in found if one.entry.subject == subject and one.entry.method == "naive"
    ]
    assert targets(seeds, "naive") == {f"../{addresses.row_page(row)}"}
    assert targets(seeds, "mlp") == set()
    page = front.render(selection, found)
    assert targets(page, "naive") == {"methods/naive.html"}
    assert targets(page, "mlp") == {"models/mlp.html"}


def targets(page: str, text: str) -> set[str]:
    return set(re.findall(rf'<a href="([^"]*)">{re.escape(text)}</a>', page))
