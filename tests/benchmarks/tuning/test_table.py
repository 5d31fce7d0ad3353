import json
from pathlib import Path

import pytest

from benchmarks.planning import learning_rates
from benchmarks.planning.seeds import TUNING
from benchmarks.tuning.grid import Point
from benchmarks.tuning.halving import Trial, best
from benchmarks.tuning.table import AT_THE_EDGE, at_the_edge, enter, mark
from results.records.manifest import Benchmark


def test_every_rate_of_the_table_is_the_best_of_its_scores() -> None:
    table = json.loads(learning_rates.TABLE.read_text())
    assert table["how"]["seed"] == TUNING
    for benchmark, row in table["learning_rates"].items():
        for key, rate in row.items():
            trials = table.get("trials", {}).get(benchmark, {}).get(key)
            scores = (
                {float(tried): score for tried, score in table["scores"][benchmark][key].items()}
                if trials is None
                else {one["learning_rate"]: one["score"] for one in trials if one["share"] == 1}
            )
            assert best({Point(one): score for one, score in scores.items()}) == Point(rate)


EDGE_ROWS = 24
"""Rows of the earlier tuning that are at the edge of three rates; lower it when they are tuned."""


def test_no_rate_is_at_the_edge_of_its_trials_unless_marked_as_to_be_tuned_again() -> None:
    table = json.loads(learning_rates.TABLE.read_text())
    found = set()
    for benchmark, row in table["learning_rates"].items():
        for key, rate in row.items():
            trials = table.get("trials", {}).get(benchmark, {}).get(key)
            tried = (
                map(float, table["scores"][benchmark][key])
                if trials is None
                else (one["learning_rate"] for one in trials)
            )
            if at_the_edge(set(tried), rate):
                found.add((benchmark, key))
    marked = {
        (benchmark, key)
        for benchmark, row in table["marks"].items()
        for key, text in row.items()
        if AT_THE_EDGE in text
    }
    assert found == marked
    assert len(found) <= EDGE_ROWS
    assert not {row for row in found if row[1] in table.get("trials", {}).get(row[0], {})}


@pytest.mark.parametrize(
    ("tried", "best", "expected"),
    [((0.001, 0.003, 0.01), 0.01, True), ((0.001, 0.003), 0.001, True), ((0.001,), 0.001, False)],
)
def test_edge_of_the_tried_rates(tried: tuple[float, ...], best: float, expected: bool) -> None:
    assert at_the_edge(tried, best) == expected
    assert not at_the_edge((*tried, 0.0001, 0.1), best)


def test_rows_replace_older_ones_and_others_stay(tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    older = {
        "learning_rates": {"copy": {"gru": 0.01, "lstm": 0.01}, "mqar": {"gru": 0.001}},
        "scores": {"copy": {"gru": {"0.01": 0.5}, "lstm": {"0.01": 0.4}}},
        "marks": {"copy": {"gru": "at chance"}},
    }
    table.write_text(json.dumps(older))
    enter(
        table,
        "copy",
        chosen={"gru": Point(0.003)},
        trials={"gru": [Trial(Point(0.003), 0.25, 0.1), Trial(Point(0.003), 1.0, None)]},
        marks={"gru": None},
        options={"length": 4},
    )
    assert json.loads(table.read_text()) == {
        "learning_rates": {"copy": {"gru": 0.003, "lstm": 0.01}, "mqar": {"gru": 0.001}},
        "scores": {"copy": {"lstm": {"0.01": 0.4}}},
        "marks": {},
        "trials": {
            "copy": {
                "gru": [
                    {"learning_rate": 0.003, "share": 0.25, "score": 0.1},
                    {"learning_rate": 0.003, "share": 1.0, "score": None},
                ]
            }
        },
        "options": {"copy": {"gru": {"length": 4}}},
    }


@pytest.mark.parametrize(
    ("kind", "scenario", "score", "text"),
    [
        ("task", "class", 0.995, None),
        ("task", "class", 0.5, "not solved"),
        ("task", "class", 0.11, "at chance"),
        ("task", "domain", 0.11, "not solved"),
        ("stream", "class", 0.5, None),
        ("stream", "class", 0.05, "at chance"),
        ("stream", "domain", 0.11, None),
    ],
)
def test_mark_of_a_best_score(kind: str, scenario: str, score: float, text: str | None) -> None:
    benchmark = Benchmark.model_validate(
        {
            "name": "one",
            "kind": kind,
            "summary": "One.",
            "primary": "accuracy",
            "chance": 0.1,
            "chance_given": {"scenario": ["class"]},
            "defaults": {},
        }
    )
    assert mark(benchmark, {"scenario": scenario}, score) == text


def test_rate_of_a_method_has_priority_over_that_of_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = {"split-mnist": {"mlp:er": 0.01, "mlp": 0.001}}
    monkeypatch.setattr(learning_rates, "_table", lambda: rows)
    assert learning_rates.learning_rate("split-mnist", "mlp", "er") == 0.01
    assert learning_rates.learning_rate("split-mnist", "mlp", "ewc") == 0.001
    assert learning_rates.learning_rate("split-mnist", "mlp") == 0.001
    assert learning_rates.learning_rate("split-mnist", "gru", "er") == learning_rates.DEFAULT
    assert learning_rates.learning_rate("no-such-benchmark", "mlp") == learning_rates.DEFAULT
