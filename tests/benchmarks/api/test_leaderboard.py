import csv
import io

import pytest

import memnet

PUBLISHED = "published"


def test_the_leaderboard_is_cut_to_models_and_columns() -> None:
    text = memnet.leaderboard(
        PUBLISHED, benchmarks=["adding"], models=["lstm"], columns=["model", "mean"], format="csv"
    )
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["model", "mean"]
    assert len(rows) == 1
    assert "lstm" in rows[0]


def test_latex_has_a_table_per_family_with_a_bold_best_score() -> None:
    text = memnet.leaderboard(
        PUBLISHED, benchmarks=["adding", "split-digits"], reference_only=True, format="latex"
    )
    assert text.count(r"\begin{table}") == text.count(r"\caption{") == 2
    assert [text.count(rf"\label{{tab:memnet-bench-{kind}s}}") for kind in ("task", "stream")] == [
        1,
        1,
    ]
    tasks, streams = text.split(r"\begin{table}")[1:]
    assert tasks.count(r"\textbf{") == 1
    assert streams.count(r"\textbf{") == 0, "a single row is not the best of anything"
    assert "supervised" not in text


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(memnet.UsageError, match="unknown column 'hue'"):
        memnet.leaderboard(PUBLISHED, columns=["hue"])
