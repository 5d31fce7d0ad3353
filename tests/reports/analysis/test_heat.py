"""The tables of the front page: best scores, ties and columns."""

from collections.abc import Callable

from reports.analysis.heat import Heat, heat_tables
from reports.analysis.selection import select
from reports.analysis.summary import summarise
from reports.site.answers import answer
from reports.site.findings import findings
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import STREAM, cell, manifest, stream_record, task_record

Fill = Callable[..., Store]


def scored(model: str, *scores: float, benchmark: str = "copy") -> list[Record]:
    return [
        task_record(cell(model, seed, benchmark=benchmark), [score])
        for seed, score in enumerate(scores)
    ]


def only(fill: Fill, *records: Record) -> Heat:
    [heat] = heat_tables(select(fill(*records)))
    return heat


def test_verdicts_against_the_best_row(fill: Fill) -> None:
    heat = only(
        fill,
        *scored("best", 0.90, 0.91, 0.92, 0.91, 0.90),
        *scored("near", 0.91, 0.90, 0.92, 0.90, 0.91),
        *scored("far", 0.10, 0.12, 0.11, 0.12, 0.10),
        *scored("short", 0.5, 0.5),
    )
    verdicts = {row.title: row.scores["copy"].verdict for row in heat.rows}
    assert verdicts == {"best": "best", "near": "tie", "short": "untested", "far": "worse"}
    assert [row.title for row in heat.rows] == ["best", "near", "short", "far"]
    assert [row.scores["copy"].shade for row in heat.rows] == [9, 9, 5, 1]


def test_the_mean_is_over_columns_that_all_larger_rows_have(fill: Fill) -> None:
    heat = only(
        fill,
        *scored("a", 0.8),
        *scored("a", 0.6, benchmark="mqar"),
        *scored("a", 0.1, benchmark="adding"),
        *scored("b", 0.4),
        *scored("b", 0.2, benchmark="mqar"),
        *scored("c", 1.0),
    )
    assert set(heat.shared) == {"copy", "mqar"}
    means = {row.title: row.mean for row in heat.rows}
    assert means["c"] is None, "a row with one of two scores has no mean"
    assert abs((means["a"] or 0.0) - 0.7) < 1e-12
    assert abs((means["b"] or 0.0) - 0.3) < 1e-12


def test_variants_of_a_model_are_no_rows(fill: Fill) -> None:
    heat = only(fill, *scored("a", 0.5), *scored("a[size=2]", 0.9))
    assert [row.title for row in heat.rows] == ["a"]


def test_a_stream_s_rows_are_methods_with_their_models_if_there_are_several(fill: Fill) -> None:
    heat = only(
        fill,
        stream_record(cell("mlp", 0, benchmark="s", method="er"), [[0.9, 0.1], [0.7, 0.9]]),
        stream_record(cell("mlp", 0, benchmark="s", method="naive"), [[0.9, 0.1], [0.2, 0.9]]),
        stream_record(cell("lstm", 0, benchmark="s", method="naive"), [[0.9, 0.1], [0.1, 0.9]]),
    )
    assert [row.title for row in heat.rows] == ["mlp · er", "mlp · naive", "lstm · naive"]


def test_the_answer_counts_what_is_significant_and_what_is_not_tested(fill: Fill) -> None:
    heat = only(
        fill,
        *scored("best", 0.90, 0.91, 0.92, 0.91, 0.90),
        *scored("far", 0.10, 0.12, 0.11, 0.12, 0.10),
        *scored("best", 0.9, 0.9, benchmark="mqar"),
        *scored("far", 0.1, 0.1, benchmark="mqar"),
    )
    assert answer(heat) == (
        "best has the highest mean score over 2 tasks, 90.4%; next is far with 10.5%. It leads on "
        "2 of 2 tasks; the lead over every other model is significant on 1; on 1 of these its lead "
        "is not tested, since some models have fewer than 5 seeds."
    )


def test_a_benchmark_without_a_run_is_no_failure(fill: Fill) -> None:
    """The best model ran on one task of two."""
    heat = only(
        fill,
        *scored("best", 0.90, 0.91, 0.92, 0.91, 0.90),
        *scored("far", 0.10, 0.12, 0.11, 0.12, 0.10),
        *scored("far", 0.1, benchmark="mqar"),
    )
    assert "It ran on 1 of 2 tasks and leads on 1 of these; the lead" in answer(heat)


def test_controls_and_bounds_do_not_compete_at_any_budget(fill: Fill) -> None:
    """The manifest is older than roles; the budget of most methods is that of the table."""
    scores = {
        "joint": 0.99,
        "er-encoder[budget=9000]": 0.95,
        "er[budget=9000]": 0.9,
        "memnet[budget=9000]": 0.8,
        "er-encoder[budget=500]": 0.97,
        "er-encoder[budget=500,form=deflated]": 0.98,
    }
    records = [
        stream_record(
            cell("mlp", seed, benchmark="split-digits", method=method),
            [[score + seed * place / 10_000]],
        )
        for place, (method, score) in enumerate(scores.items())
        for seed in range(5)
    ]
    store = fill(*records, manifests=(manifest([record.cell for record in records], STREAM),))
    selection = select(store)
    [heat] = heat_tables(selection)
    assert [row.title for row in heat.competitors] == ["er", "memnet"]
    assert {row.title for row in heat.rows} == {"er", "memnet", "er-encoder", "joint"}
    assert "A control is above that: er-encoder 95.0%. It leads on 1 of 1 streams" in answer(heat)
    ranks = {row.method: row.rank for row in summarise(selection)}
    assert ranks["joint"] == ranks["er-encoder[budget=9000]"] == 1
    assert ranks["er[budget=9000]"] == 2, "joint does not count"
    assert ranks["er-encoder[budget=500]"] is ranks["er-encoder[budget=500,form=deflated]"] is None
    [finding] = findings(selection)
    assert finding.claim == "er, 9.0 kB stored is best"
    assert "A control scores higher: er-encoder, 9.0 kB stored 0.950" in finding.detail
