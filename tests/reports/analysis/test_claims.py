"""Claims: the table, and the verdicts by hand."""

import math
from dataclasses import replace

import pytest

from reports.analysis.claims import CONFIRMED, REFUTED, UNDECIDED, Claim, judgements, read_claims
from results.errors import UsageError
from results.records.record import Record
from tests.reports.conftest import cell, stream_record, task_record

TABLE = """# Claims

| other | table |
|---|---|
| 1 | 2 |

| claim | benchmark | metric | row | control | at least | verdict |
|---|---|---|---|---|---|---|
| A | `delayed-recall[train_length=128]` | `accuracy` | `memnet` | `lstm` | 0.2 | open |
| B | `split-digits` | `bwt` | `mlp / memnet` | `mlp / er` | 0.01 | refuted |
"""


def claim(
    row: str = "memnet",
    control: str = "lstm",
    least: float = 0.2,
    benchmark: str = "delayed-recall",
    metric: str = "accuracy",
) -> Claim:
    return Claim("A", benchmark, metric, row, control, least, UNDECIDED)


def rows(**scores: list[float]) -> list[Record]:
    """Return a record per model and seed, with this accuracy at 128."""
    return [
        task_record(cell(model, seed), [score])
        for model, each in scores.items()
        for seed, score in enumerate(each)
    ]


def test_table_of_claims_is_read() -> None:
    first, second = read_claims(TABLE)
    assert first == Claim(
        "A", "delayed-recall[train_length=128]", "accuracy", "memnet", "lstm", 0.2, UNDECIDED
    )
    assert (second.row, second.control, second.verdict) == ("mlp / memnet", "mlp / er", REFUTED)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("| open |", "| likely |", "a verdict is one of confirmed, refuted, open"),
        ("| 0.2 | open |", "| open |", "is no claim"),
        ("| claim |", "| claims |", "no table"),
    ],
)
def test_invalid_tables_are_errors(old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_claims(TABLE.replace(old, new))


def test_verdicts_by_hand() -> None:
    """Five common seeds; ``least`` is 0.2."""
    records = rows(
        memnet=[0.9, 0.92, 0.91, 0.93, 0.9],
        lstm=[0.5, 0.51, 0.5, 0.53, 0.52],  # 0.4 below
        gru=[0.8, 0.81, 0.8, 0.83, 0.82],  # 0.1 below, 2.776 · 0.01225 / √5 = 0.0152
        mamba=[0.1, 0.9, 0.9, 0.1, 0.9],  # 0.33 below, in an interval of ± 0.55
        token=[0.5, 0.5, 0.5, 0.5],  # four seeds
    )
    names = ("lstm", "gru", "mamba", "token", "absent")
    found = judgements([claim(control=name) for name in names], records)
    assert [one.verdict for one in found] == [CONFIRMED, REFUTED, UNDECIDED, UNDECIDED, UNDECIDED]
    assert [one.count for one in found] == [5, 5, 5, 4, 0]
    assert found[0].difference[0] == pytest.approx(0.4)
    assert found[1].difference == pytest.approx((0.1, 0.0848, 0.1152), abs=5e-5)
    assert all(math.isnan(one.p) for one in found[3:])


def test_p_is_corrected_by_number_of_claims_and_not_of_comparisons() -> None:
    records = rows(memnet=[0.9, 0.92, 0.91, 0.93, 0.9], lstm=[0.5, 0.51, 0.5, 0.53, 0.52])
    (alone,) = judgements([claim()], records)
    twice = judgements([claim(), claim()], records)
    assert [one.p for one in twice] == [alone.p] * 2
    other = judgements([claim(), replace(claim(), claim="B")], records)
    assert [one.p for one in other] == pytest.approx([2 * alone.p] * 2)


def test_control_can_be_a_metric_of_the_same_run() -> None:
    records = [task_record(cell("memnet", seed), [0.9, 0.5 + seed / 100]) for seed in range(5)]
    (found,) = judgements(
        [claim(metric="accuracy_at_128", control="accuracy_at_256 of the same run")], records
    )
    assert (found.verdict, found.difference[0]) == (CONFIRMED, pytest.approx(0.38))


def test_five_equal_differences_are_not_significant() -> None:
    """The exact sign test of five seeds has p = 2 / 2⁵."""
    (found,) = judgements([claim()], rows(memnet=[0.9] * 5, lstm=[0.5] * 5))
    assert (found.verdict, found.p) == (UNDECIDED, 0.0625)


SCORES = [0.9, 0.91, 0.92, 0.91, 0.9]


def test_options_select_records_and_must_leave_one_choice() -> None:
    short = rows(memnet=SCORES, lstm=[0.5] * 5)
    long = [
        task_record(cell(model, seed, length=256), [score])
        for model, scores in (("memnet", [0.5] * 5), ("lstm", SCORES))
        for seed, score in enumerate(scores)
    ]
    claims = [claim(benchmark=f"delayed-recall[train_length={length}]") for length in (128, 256)]
    assert [one.verdict for one in judgements(claims, short + long)] == [CONFIRMED, REFUTED]
    with pytest.raises(UsageError, match="several choices"):
        judgements([claim()], short + long)


def test_rows_of_a_stream_are_named_by_model_and_method() -> None:
    records = [
        stream_record(cell("mlp", seed, benchmark="split-digits", method=method), matrix)
        for seed in range(5)
        for method, matrix in (
            ("memnet", [[0.9, 0.1], [0.9 - seed / 100, 0.9]]),
            ("er", [[0.9, 0.1], [0.5, 0.9]]),
        )
    ]
    one = claim("mlp / memnet", "mlp / er", benchmark="split-digits", metric="bwt")
    assert judgements([one], records)[0].verdict == CONFIRMED
