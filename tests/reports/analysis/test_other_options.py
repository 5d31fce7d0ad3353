"""Models whose results have other options than those that compete."""

from collections.abc import Callable, Sequence

from reports.analysis.heat import heat_tables
from reports.analysis.other_options import other_options
from reports.analysis.selection import Selection, select
from reports.site import benchmark, front
from reports.site.lines import lines
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def scored(model: str, seeds: int, score: float, *, length: int = 128) -> list[Record]:
    cells = [cell(model, seed, benchmark="mqar", length=length) for seed in range(seeds)]
    return [task_record(one, [score]) for one in cells]


def shown(selection: Selection, place: int = 0) -> list[tuple[str, str]]:
    found: Sequence = other_options(selection, selection.subjects[place])
    return [(one.model, one.subject.name) for one in found]


def test_a_variant_stands_for_a_model_without_a_row_that_competes(fill: Fill) -> None:
    records = [
        *scored("lstm", 3, 0.2),
        *scored("memnet[slots=2]", 3, 0.99),
        *scored("memnet[heads=1,slots=9]", 5, 0.4),
        *scored("memnet[heads=1,hops=1,slots=9]", 5, 0.9),
        *scored("bigram[size=2]", 9, 0.9),
    ]
    selection = select(fill(*records))
    assert shown(selection) == [("memnet[heads=1,slots=9]", "mqar")]
    both = select(fill(*records, *scored("memnet", 5, 0.1), name="both"))
    assert shown(both) == [], "the model's own row has as many seeds"


def test_a_row_under_other_options_of_the_benchmark_is_named(fill: Fill) -> None:
    records = [*scored("lstm", 3, 0.2), *scored("gru", 3, 0.1)]
    records += scored("memnet", 4, 0.9, length=64)
    selection = select(fill(*records))
    [long, short] = selection.subjects
    assert (long.name, short.name) == ("mqar[train_length=128]", "mqar[train_length=64]")
    assert shown(selection) == [("memnet", "mqar[train_length=64]")]
    page = benchmark.render(
        selection, long, [one for one in lines(selection) if one.entry.subject == long], []
    )
    assert "With other options, outside the ranking:" in page
    assert "memnet on mqar, train length 64</a> 0.900" in page
    [heat] = heat_tables(selection)
    assert [row.title for row in heat.rows] == ["lstm", "gru"]
    found = select(fill(*records, *scored("memnet", 1, 0.5, length=32), name="more"))
    assert "‡" not in front.render(found, lines(found))


def test_a_score_with_other_options_is_in_the_table_of_the_front_page(fill: Fill) -> None:
    other = [task_record(cell(model, 0, benchmark="copy"), [0.5]) for model in ("lstm", "memnet")]
    selection = select(fill(*other, *scored("lstm", 2, 0.2), *scored("memnet[slots=2]", 3, 0.9)))
    page = front.render(selection, lines(selection))
    assert ">90.0</a> ‡</td>" in page
    assert "‡: with other options, outside the ranking" in page
