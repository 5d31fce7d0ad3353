"""Scores of claims: which records count, and that no seed vanishes."""

import math

import pytest

from reports.analysis.claim_scores import claim_scores
from reports.analysis.claims import UNDECIDED, Claim
from results.errors import UsageError
from results.records.record import Record
from tests.reports.conftest import cell, failed_record, stream_record, task_record


def claim(
    row: str = "memnet",
    control: str = "lstm",
    benchmark: str = "delayed-recall",
    metric: str = "accuracy",
) -> Claim:
    return Claim("A", benchmark, metric, row, control, 0.2, UNDECIDED)


def rows(length: int = 128, **scores: list[float]) -> list[Record]:
    """Return a record per model and seed, with this accuracy at 128."""
    return [
        task_record(cell(model, seed, length=length), [score])
        for model, each in scores.items()
        for seed, score in enumerate(each)
    ]


def test_scores_are_paired_by_seed() -> None:
    """The row has more seeds than its control: its lowest score is that of seed 2."""
    records = rows(lstm=[0.5, 0.6], memnet=[0.9, 0.8, 0.7])[::-1]
    found = claim_scores(claim(), records)
    assert found.row.tolist() == [0.9, 0.8]
    assert found.control.tolist() == [0.5, 0.6]
    assert (found.lowest, found.gaps) == (0.7, ())


def test_seeds_that_failed_or_have_no_score_are_gaps() -> None:
    records = rows(memnet=[0.9] * 6, lstm=[0.5] * 6)
    kept = [one for one in records if one.cell.seed not in (1, 3, 4)]
    broken = [
        failed_record(cell("memnet", 1)),
        task_record(cell("lstm", 1), [0.5]),
        task_record(cell("memnet", 3), [0.9]),
        failed_record(cell("lstm", 3)),
        task_record(cell("memnet", 4), [None]),
        task_record(cell("lstm", 4), [0.5]),
    ]
    found = claim_scores(claim(), kept + broken)
    assert found.gaps == (
        "seed 1 of the row failed",
        "seed 3 of the control failed",
        "seed 4 of the row has no accuracy",
    )
    assert len(found.row) == len(found.control) == 3
    assert math.isnan(found.lowest), "two seeds of the row have no score"


def test_failed_seed_that_the_control_lacks_is_no_gap() -> None:
    records = [*rows(memnet=[0.9] * 5, lstm=[0.5] * 5), failed_record(cell("memnet", 5))]
    found = claim_scores(claim(), records)
    assert found.gaps == ()
    assert math.isnan(found.lowest), "the failure is not hidden"


def test_seeds_of_the_control_that_the_row_lacks_are_gaps() -> None:
    records = [*rows(memnet=[0.9] * 5, lstm=[0.5] * 6), failed_record(cell("lstm", 6))]
    found = claim_scores(claim(), records)
    assert found.gaps == ("the row lacks seed 5", "the row lacks seed 6")


def test_row_without_records_is_a_gap() -> None:
    found = claim_scores(claim(), rows(memnet=[0.9] * 5))
    assert found.gaps == ("no options have records of both rows",)
    assert len(found.row) == 0


def test_two_records_of_a_seed_are_an_error() -> None:
    """A second record at another learning rate does not replace the first."""
    records = rows(memnet=[0.9] * 5, lstm=[0.5] * 5)
    of = records[2].cell
    faster = of.model_copy(
        update={"config": {**of.config, "training": {"learning_rate": 0.003, "cap_factor": 4}}}
    )
    assert faster.id != of.id
    with pytest.raises(UsageError) as caught:
        claim_scores(claim(), [*records, task_record(faster, [1.0])])
    message = str(caught.value)
    assert f"records {of.id} and {faster.id}" in message
    assert "delayed-recall · memnet · supervised · seed 2" in message
    assert "training.cap_factor None and 4, training.learning_rate 0.001 and 0.003;" in message
    assert "memnet remove ID" in message
    found = claim_scores(claim("gru"), [*records, *rows(gru=[0.9]), task_record(faster, [1.0])])
    assert found.row.tolist() == [0.9], "rows of other claims do not matter"


def test_control_can_be_a_metric_of_the_same_run() -> None:
    records = [task_record(cell("memnet", seed), [0.9, 0.5 + seed / 100]) for seed in range(2)]
    found = claim_scores(
        claim(metric="accuracy_at_128", control="accuracy_at_256 of the same run"), records
    )
    assert found.row.tolist() == [0.9, 0.9]
    assert found.control.tolist() == [0.5, 0.51]


def test_options_select_records_and_must_leave_one_choice() -> None:
    records = rows(memnet=[0.9], lstm=[0.5]) + rows(256, memnet=[0.4], lstm=[0.3])
    for length, score in ((128, 0.9), (256, 0.4)):
        one = claim(benchmark=f"delayed-recall[train_length={length}]")
        assert claim_scores(one, records).row.tolist() == [score]
    with pytest.raises(UsageError, match="several choices"):
        claim_scores(claim(), records)


def test_rows_of_a_stream_are_named_by_model_and_method() -> None:
    """Backward transfer is the change of the first experience's accuracy."""
    records = [
        stream_record(cell("mlp", 0, benchmark="split-digits", method=method), matrix)
        for method, matrix in (
            ("memnet", [[0.9, 0.1], [0.8, 0.9]]),
            ("er", [[0.9, 0.1], [0.5, 0.9]]),
        )
    ]
    one = claim("mlp / memnet", "mlp / er", benchmark="split-digits", metric="bwt")
    found = claim_scores(one, records)
    assert found.row == pytest.approx([-0.1])
    assert found.control == pytest.approx([-0.4])
