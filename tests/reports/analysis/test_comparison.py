import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.cli.compare import compare
from reports.analysis.comparison import (
    PairwiseReport,
    against_best,
    compare_models,
    compare_stores,
)
from reports.analysis.selection import select
from reports.analysis.summary import ranked, summarise
from reports.figures import paired_differences
from reports.output.build import build
from reports.output.compare import write
from reports.output.report_folder import LISTING
from reports.site.comparison_page import html, markdown
from reports.site.findings import findings
from reports.tables.comparison_table import comparison_table, estimate, verdict
from reports.tables.number_format import MINUS
from results.errors import UsageError
from results.records.record import Record
from results.statistics.bootstrap import Estimate
from results.statistics.significance import holm
from results.store.store import Store
from tests.reports.conftest import (
    HOSTILE,
    cell,
    failed_record,
    full,
    manifest,
    stream_record,
    task_record,
)

Fill = Callable[..., Store]


def scored(
    model: str, scores: list[float], benchmark: str = "induction", **setting: Any
) -> list[Record]:
    return [
        task_record(cell(model, seed, benchmark=benchmark, **setting), [score])
        for seed, score in enumerate(scores)
    ]


@pytest.fixture
def found(fill: Fill) -> PairwiseReport:
    """Ten common seeds: `a` wins one benchmark significantly, loses another, and ties a third.

    `a` has an eleventh seed.
    """
    luck = np.random.default_rng(0).uniform(0.4, 0.6, size=11)
    noise = np.random.default_rng(1).normal(0, 0.01, size=(3, 11))
    records = []
    for place, (name, gain) in enumerate([("copy", 0.2), ("induction", 0.0), ("mqar", -0.1)]):
        records += scored("a", [*(luck + gain + noise[place])], name) + scored(
            "b", [*luck[:10]], name
        )
    return compare_models(select(fill(*records)), "a", "b")


def test_seeds_are_paired_and_the_winner_is_named(found: PairwiseReport) -> None:
    assert [(one.name, one.paired.count, one.winner) for one in found.comparisons] == [
        ("copy", 10, "left"),
        ("induction", 10, ""),
        ("mqar", 10, "right"),
    ]
    assert found.tally == (1, 1, 1)
    copy = found.comparisons[0]
    assert copy.paired.difference.value == pytest.approx(0.2, abs=0.01)
    assert copy.paired.wilcoxon == 2 / 2**10
    raw = [
        stats.ttest_1samp(one.scores[0] - one.scores[1], 0, nan_policy="omit").pvalue
        for one in found.comparisons
    ]
    assert [one.adjusted for one in found.comparisons] == pytest.approx(holm(raw))
    assert 0.4 < found.improvement.low < found.improvement.value < found.improvement.high < 0.7


def test_the_table_shows_numbers_and_costs(found: PairwiseReport) -> None:
    table = comparison_table(found)
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    first = dict(zip((column.title for column in table.columns), table.rows[0].cells, strict=True))
    assert (first["p"], first["Wilcoxon"]) == ("<0.001", "0.002")
    assert first["won/tied/lost"] == "10/0/0"
    assert (first["common seeds"], first["seeds"]) == ("10", "11/11 and 10/10")
    assert first["difference"].startswith("+0.19") or first["difference"].startswith("+0.20")
    assert first["state"] == "8.2 kB and 8.2 kB"
    assert verdict(found).startswith("a is significantly better in 1 of 3 rows, b in 1.")


def test_the_figure_has_a_description_and_is_reproducible(found: PairwiseReport) -> None:
    plot = paired_differences.draw(found, "comparison")
    assert plot == paired_differences.draw(found, "comparison")
    assert f"mqar: difference {MINUS}0.1" in plot.description
    assert "induction" in plot.description


def test_estimates_as_text() -> None:
    assert estimate(Estimate(0.12, -0.01, 0.2)) == f"+0.120 [{MINUS}0.010, +0.200]"
    assert estimate(Estimate(0.5, np.nan, np.nan), signed=False) == "0.500"
    assert estimate(Estimate(np.nan, np.nan, np.nan)) == "—"


def test_streams_are_paired_by_method_unless_methods_are_named(fill: Fill) -> None:
    records, plan = full()
    selection = select(fill(*records, manifests=(plan,)))
    names = [one.name for one in compare_models(selection, "transformer", "lstm").comparisons]
    assert names == ["delayed-recall", "split-digits · er", "split-digits · naive"]
    [one] = compare_models(selection, "memnet:memnet", "transformer:er").comparisons
    assert one.name == "split-digits · memnet against er"
    assert [one.name for one in compare_models(selection, "lstm:er", "lstm:naive").comparisons] == [
        "split-digits · lstm · er against naive"
    ]


def test_two_stores(fill: Fill) -> None:
    """Rows with equal names are compared, whatever their settings.

    Rows in only one store are counted in a note.
    """
    old = fill(*scored("a", [0.5, 0.6, 0.7]), *scored("gone", [0.5]), name="old")
    new = fill(*scored("a", [0.6, 0.7, 0.8], length=256), name="new")
    found = compare_stores(select(old), select(new), ("old", "new"))
    [one] = found.comparisons
    assert one.name == "induction · a"
    assert one.paired.difference.value == pytest.approx(-0.1)
    assert found.notes == (
        "rows in only one of the stores: 1",
        "config or version differs: induction · a · supervised",
    )
    assert verdict(found).startswith(
        "Not tested: a test needs 5 common seeds, and there are 3. A run of"
    )


def test_stores_with_other_data_are_marked_as_not_comparable(fill: Fill) -> None:
    one, other = (
        select(fill(*scored("a", [0.5, 0.6], data=f"sha256:{digit * 64}"), name=f"store-{digit}"))
        for digit in "ab"
    )
    found = compare_stores(one, other, ("one", "other"))
    assert (
        "NOT COMPARABLE, the benchmark's version or data differ: induction · a · supervised"
        in found.notes
    )
    assert not any("COMPARABLE" in note for note in compare_stores(one, one, ("one", "one")).notes)


def test_rows_with_few_common_seeds_are_noted(fill: Fill) -> None:
    scores = [seed / 10 for seed in range(6)]
    records = [
        record
        for model in "ab"
        for record in (*scored(model, scores), *scored(model, scores[:3], "mqar"))
    ]
    found = compare_models(select(fill(*records)), "a", "b")
    assert found.notes[-1] == "not tested, fewer than 5 common seeds: mqar"
    assert verdict(found).startswith(
        "a is significantly better in 0 of 1 tested row, b in 0 (1 not tested: fewer than 5 common "
        "seeds)."
    )


def test_means_are_those_of_common_seeds(fill: Fill) -> None:
    """The difference of the two means in the table is the difference in the table."""
    first = [0.9, 0.91, 0.92, 0.93, 0.94, 0.1, 0.1]
    found = compare_models(
        select(fill(*scored("a", first), *scored("b", [0.8, 0.82, 0.81, 0.8, 0.82]))), "a", "b"
    )
    cells = dict(
        zip(
            (column.title for column in comparison_table(found).columns),
            comparison_table(found).rows[0].cells,
            strict=True,
        )
    )
    assert cells["left"].startswith("0.920 ±")
    assert cells["right"].startswith("0.810 ±")
    assert cells["difference"].startswith("+0.110 [")
    assert found.comparisons[0].winner == "left"


def test_three_seeds_are_not_tested_in_any_place(fill: Fill) -> None:
    """1.000 against 0.975 in three seeds: neither ranks nor the comparison call it significant."""
    selection = select(fill(*scored("a", [1.0] * 3), *scored("b", [0.975] * 3)))
    [one] = compare_models(selection, "a", "b").comparisons
    assert one.winner == ""
    assert np.isnan(one.adjusted)
    assert [(row.rank, row.tested) for row in summarise(selection)] == [(None, False)] * 2
    [finding] = findings(selection)
    assert finding.claim == "a is ahead of b, not tested, with too few seeds"


def test_best_row_is_tested_with_the_correction_of_the_leaderboard(fill: Fill) -> None:
    """Of ten rows the comparison with the best row has the verdicts of the ranks."""
    generator = np.random.default_rng(5)
    records = [
        record
        for model in "abcdefghij"
        for record in scored(model, [*generator.normal(0.5, 0.1, size=6).clip(0, 1)])
    ]
    records += [*scored("k", [0.7, 0.75, 0.7, 0.72, 0.71, 0.74])]
    selection = select(fill(*records))
    pairs = ranked(selection, selection.subjects[0])
    winners = [one.winner for one in against_best([entry for entry, _ in pairs])]
    assert {"", "left"} == set(winners)
    for winner, (_, before), (_, row) in zip(winners, pairs, pairs[1:], strict=False):
        assert row.rank is not None
        assert row.rank > 1 if winner else row.rank == before.rank


def test_the_row_with_more_seeds_is_compared(fill: Fill) -> None:
    store = fill(
        *scored("a", [0.5, 0.6]), *scored("a", [0.9], version="2"), *scored("b", [0.1, 0.2])
    )
    found = compare_models(select(store), "a", "b")
    [one] = found.comparisons
    assert one.paired.count == 2
    assert "omitted" in found.notes[0]


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ("a", "a", "with itself"),
        ("a", "c", "no result of 'c'.*it has a, b"),
        ("a:er", "b", "no result of 'a:er'"),
        ("a", "b", "share no benchmark"),
    ],
)
def test_invalid_comparisons_are_errors(fill: Fill, left: str, right: str, message: str) -> None:
    store = fill(*scored("a", [0.5]), *scored("b", [0.5], "mqar"), failed_record(cell("c", 0)))
    with pytest.raises(UsageError, match=message):
        compare_models(select(store), left, right)


def test_one_common_seed_or_none_works(fill: Fill) -> None:
    apart = [task_record(cell("a", 0), [0.5]), task_record(cell("b", 1), [0.5])]
    once = [
        stream_record(cell(model, 0, benchmark="s", method="er"), [[0.9]]) for model in ("a", "b")
    ]
    found = compare_models(select(fill(*apart, *once)), "a", "b")
    assert [one.paired.count for one in found.comparisons] == [0, 1]
    assert "—" in comparison_table(found).rows[0].cells
    assert paired_differences.draw(found, "x").svg


def test_all_files_are_written(found: PairwiseReport, fill: Fill, tmp_path: Path) -> None:
    page = write(found, tmp_path / "out")
    plot = paired_differences.draw(found, "comparison")
    assert page.with_suffix(".md").read_text() == markdown(found, plot)
    assert "a is significantly better in 1 of 3 rows" in page.read_text()
    for name in re.findall(r'(?:src|href)="([^"#]+)"', page.read_text()):
        assert (page.parent / name).is_file(), name
    assert {path.suffix for path in (tmp_path / "out" / "figures").iterdir()} == {
        ".svg",
        ".pdf",
        ".png",
    }
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the comparison"):
        write(found, tmp_path / "file")


def test_hostile_text_is_escaped(fill: Fill) -> None:
    records = [*scored("a", [0.5]), *scored("b", [0.4])]
    member = manifest([], name="x").model_copy(update={"summary": HOSTILE})
    left = select(fill(*records, manifests=(member,)))
    found = compare_stores(left, left, (HOSTILE, HOSTILE))
    plot = paired_differences.draw(found, "comparison")
    page = html(found, plot)
    assert "<img src=x" not in markdown(found, plot)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_store_and_a_name_that_is_no_store_are_an_error(fill: Fill, tmp_path: Path) -> None:
    store = fill(*scored("a", [0.5]), *scored("b", [0.4]), name="runs").root
    for pair in ((str(store), "runz"), ("runz", str(store))):
        with pytest.raises(
            UsageError,
            match=f"'{re.escape(str(store))}' is a store and 'runz' is not: "
            "name the folders of two stores",
        ):
            compare(pair, store, tmp_path / "out")


def test_a_model_with_a_store_s_name_is_compared(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fill(*scored("a", [0.5]), *scored("b", [0.4]), name="a").root
    monkeypatch.chdir(store.parent)
    assert compare(("a", "b"), store, tmp_path / "out").is_file()


def test_a_comparison_and_a_report_share_a_folder(
    found: PairwiseReport, fill: Fill, tmp_path: Path
) -> None:
    store, out = fill(*scored("a", [0.5]), name="other"), tmp_path / "out"
    for _ in range(2):
        write(found, out)
        build(store, out)
    page = (out / "comparison.html").read_text()
    assert all((out / file).is_file() for file in re.findall(r'(?:src|href)="([^"#]+)"', page))


def test_a_comparison_does_not_replace_a_user_s_file(found: PairwiseReport, tmp_path: Path) -> None:
    (tmp_path / "comparison.md").write_text("mine")
    with pytest.raises(UsageError, match=r"comparison\.md; give another folder by --out"):
        write(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["comparison.md"]


def test_a_comparison_without_a_list_is_replaced(found: PairwiseReport, tmp_path: Path) -> None:
    write(found, tmp_path)
    (tmp_path / LISTING).unlink()
    assert write(found, tmp_path).is_file()
