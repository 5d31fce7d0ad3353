"""Verdicts of claims, by hand."""

import math
from dataclasses import replace

import pytest

from reports.analysis.claims import CONFIRMED, REFUTED, UNDECIDED, Claim
from reports.analysis.judgements import Judgement, claim_verdicts, judgements
from results.records.record import Record
from tests.reports.conftest import cell, failed_record, stream_record, task_record

MEMNET = [0.9, 0.92, 0.91, 0.93, 0.9]
BASELINES = {
    "lstm": [0.5, 0.51, 0.5, 0.53, 0.52],  # 0.4 below
    "gru": [0.8, 0.81, 0.8, 0.83, 0.82],  # 0.1 below, 2.776 · 0.01225 / √5 = 0.0152
    "mamba": [0.1, 0.9, 0.9, 0.1, 0.9],  # 0.33 below, in an interval of ± 0.55
    "token": [0.5, 0.5, 0.5, 0.5],  # four seeds
}
BY_HAND = 0.5 - 18 / (11 * math.sqrt(11))
"""p of t = 3√2 with four degrees of freedom, one-sided: 0.0066."""


def claim(control: str = "lstm", least: float = 0.2, name: str = "A", **changed: str) -> Claim:
    plain = Claim(name, "delayed-recall", "accuracy", "memnet", control, least, UNDECIDED)
    return replace(plain, **changed)


def rows(**scores: list[float]) -> list[Record]:
    """Return a record per model and seed, with this accuracy at 128."""
    return [
        task_record(cell(model, seed), [score])
        for model, each in scores.items()
        for seed, score in enumerate(each)
    ]


def above(least: float) -> dict[str, list[float]]:
    """Return a row that is 0.01 to 0.05 more than ``least`` above its control."""
    return {
        "memnet": [0.4 + least + excess / 100 for excess in (1, 5, 3, 2, 4)],
        "lstm": [0.4] * 5,
    }


def test_verdicts_by_hand() -> None:
    """Five seeds of the row; ``least`` is 0.2."""
    names = (*BASELINES, "absent")
    found = judgements([claim(name) for name in names], rows(memnet=MEMNET, **BASELINES))
    assert [(one.verdict, one.reason) for one in found] == [
        (CONFIRMED, ""),
        (REFUTED, ""),
        (UNDECIDED, "neither significantly above nor below 0.2"),
        (UNDECIDED, "common seeds: 4 of at least 5"),
        (UNDECIDED, "no options have records of both rows"),
    ]
    assert [one.count for one in found] == [5, 5, 5, 4, 0]
    assert found[0].difference[0] == pytest.approx(0.4)
    assert found[1].difference == pytest.approx((0.1, 0.0848, 0.1152), abs=5e-5)
    assert all(math.isnan(one.p_confirmed) and math.isnan(one.p_refuted) for one in found[3:])


def test_confirmation_needs_a_difference_that_is_significantly_at_least_the_least() -> None:
    """The mean is 0.22, significantly above 0; above 0.2 t is √1.6 = 1.26, and 2.13 is needed."""
    records = rows(memnet=[0.6, 0.62, 0.68, 0.59, 0.61], lstm=[0.4] * 5)
    (found,) = judgements([claim()], records)
    assert found.difference[0] == pytest.approx(0.22)
    assert found.difference[1] > 0.17
    assert found.verdict == UNDECIDED
    (found,) = judgements([claim(least=0.0)], records)
    assert found.verdict == CONFIRMED


def test_confirmation_is_corrected_by_the_number_of_claims_alone() -> None:
    records = rows(**above(0.2))
    for comparisons in (1, 9):
        found = judgements([claim()] * comparisons, records)
        assert [one.p_confirmed for one in found] == pytest.approx([BY_HAND] * comparisons)
    claims = [claim(name=str(place)) for place in range(7)]
    found = judgements(claims, records)
    assert [one.p_confirmed for one in found] == pytest.approx([7 * BY_HAND] * 7)
    assert {one.verdict for one in found} == {CONFIRMED}, "0.0463"
    found = judgements([*claims, claim(name="7")], records)
    assert {one.verdict for one in found} == {UNDECIDED}, "0.0529"


def test_refutation_is_corrected_by_the_numbers_of_claims_and_of_comparisons() -> None:
    """The differences are 0.01 to 0.05 below the least difference."""
    scores = above(0.2)
    records = rows(memnet=[0.8 - score + 0.4 for score in scores["memnet"]], lstm=scores["lstm"])
    two = [claim(), claim(), claim(name="B")]
    found = judgements(two, records)
    expected = [2 * 2 * BY_HAND, 2 * 2 * BY_HAND, 2 * BY_HAND]
    assert [one.p_refuted for one in found] == pytest.approx(expected)
    assert {one.verdict for one in found} == {REFUTED}
    found = judgements([*[claim()] * 4, claim(name="B")], records)
    assert [one.verdict for one in found] == [UNDECIDED] * 4 + [REFUTED], "8 · 0.0066 = 0.0529"


def test_equal_differences_are_tested_by_the_sign_test() -> None:
    """p = 1/2⁵ in the direction of the difference, and 1 in the other."""
    records = rows(memnet=[0.9] * 5, lstm=[0.5] * 5, gru=[0.8] * 5, token=[0.7] * 5)
    one, other, least = (judgements([claim(name)], records)[0] for name in ("lstm", "gru", "token"))
    assert (one.verdict, one.p_confirmed, one.p_refuted) == (CONFIRMED, 1 / 32, 1.0)
    assert (other.verdict, other.p_confirmed, other.p_refuted) == (REFUTED, 1.0, 1 / 32)
    assert (least.verdict, least.p_confirmed, least.p_refuted) == (UNDECIDED, 1.0, 1.0)
    found = judgements([claim("lstm"), claim("gru", name="B")], records)
    assert [(one.p_confirmed, one.p_refuted) for one in found] == [(1 / 16, 1.0), (1.0, 1 / 16)]
    assert {one.verdict for one in found} == {UNDECIDED}


def test_failed_seed_leaves_a_comparison_open() -> None:
    """Without the failed seed, five seeds would confirm the claim."""
    records = rows(memnet=MEMNET, lstm=BASELINES["lstm"])
    more = [failed_record(cell("memnet", 5)), task_record(cell("lstm", 5), [0.5])]
    (found,) = judgements([claim()], records)
    assert found.verdict == CONFIRMED
    (found,) = judgements([claim()], records + more)
    assert (found.verdict, found.reason) == (UNDECIDED, "seed 5 of the row failed")
    assert found.count == 5
    assert math.isnan(found.p_confirmed)
    assert math.isnan(found.lowest)


def test_row_needs_all_seeds_of_its_control_and_may_have_more() -> None:
    lstm = [*BASELINES["lstm"], 0.5]
    (found,) = judgements([claim()], rows(memnet=MEMNET, lstm=lstm))
    assert (found.verdict, found.reason) == (UNDECIDED, "the row lacks seed 5")
    (found,) = judgements([claim()], rows(memnet=[*MEMNET, 0.1], lstm=lstm[:5]))
    assert (found.verdict, found.count, found.lowest) == (CONFIRMED, 5, 0.1)


def test_refutation_is_open_if_both_rows_reach_the_ceiling() -> None:
    """The ceiling is 0.99: the control's mean is 0.99, or less."""
    memnet = [0.999, 0.998, 1.0, 0.999, 0.999]
    records = rows(
        memnet=memnet,
        lstm=[0.99, 0.991, 0.989, 0.99, 0.99],
        gru=[0.99, 0.99, 0.989, 0.99, 0.99],
    )
    one, other = judgements([claim("lstm", 0.1), claim("gru", 0.1)], records)
    assert (one.verdict, one.reason) == (UNDECIDED, "both rows reach the ceiling")
    assert one.p_refuted < 0.05
    assert (other.verdict, other.reason) == (REFUTED, "")
    (small,) = judgements([claim("lstm", 0.002)], records)
    assert small.verdict == CONFIRMED, "a ceiling does not prevent a confirmation"


def hits(seed: int) -> Record:
    """Return a record whose hit rates and ``bwt`` are nearly 1."""
    metrics = {
        "hit_rate": 1.0 - seed / 10_000,
        "hit_rate_lru": 0.995,
        "bwt": 1.0 - seed / 10_000,
        "other": 0.995,
    }
    return task_record(cell("memnet", seed), [0.9]).model_copy(update={"metrics": metrics})


def test_ceiling_is_that_of_accuracies_and_hit_rates() -> None:
    records = [hits(seed) for seed in range(5)]
    rates = claim("hit_rate_lru of the same run", 0.1, metric="hit_rate")
    signed = claim("other of the same run", 0.1, metric="bwt")
    one, other = judgements([rates, signed], records)
    assert (one.verdict, one.reason) == (UNDECIDED, "both rows reach the ceiling")
    assert other.verdict == REFUTED


def test_rows_of_a_stream_are_judged_by_backward_transfer() -> None:
    records = [
        stream_record(cell("mlp", seed, benchmark="split-digits", method=method), matrix)
        for seed in range(5)
        for method, matrix in (
            ("memnet", [[0.9, 0.1], [0.9 - seed / 100, 0.9]]),
            ("er", [[0.9, 0.1], [0.5, 0.9]]),
        )
    ]
    one = claim("mlp / er", benchmark="split-digits", metric="bwt", row="mlp / memnet")
    assert judgements([one], records)[0].verdict == CONFIRMED


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([CONFIRMED], CONFIRMED),
        ([CONFIRMED, CONFIRMED], CONFIRMED),
        ([CONFIRMED, UNDECIDED], UNDECIDED),
        ([UNDECIDED], UNDECIDED),
        ([UNDECIDED, CONFIRMED, REFUTED], REFUTED),
        ([REFUTED], REFUTED),
    ],
)
def test_whole_claim_needs_all_comparisons_and_one_refutes_it(
    verdicts: list[str], whole: str
) -> None:
    def judged(name: str, verdict: str) -> Judgement:
        return Judgement(claim(name=name), 5, (0.0, 0.0, 0.0), 1.0, 1.0, 0.0, verdict, "")

    others = [judged("B", CONFIRMED), judged("C", UNDECIDED)]
    found = claim_verdicts([*others, *(judged("A", verdict) for verdict in verdicts)])
    assert found == {"A": whole, "B": CONFIRMED, "C": UNDECIDED}
