"""Verdicts of claims: of each comparison and of each whole claim.

A comparison is confirmed if its difference is significantly at least the least difference, refuted
if it is significantly below, and open otherwise. Both tests are one-sided
(`results.statistics.significance.one_sided_p`).

A claim is confirmed if all its comparisons are, so its error is at most that of each of them
(intersection-union test, Berger 1982), and only the number of claims needs a correction
(Bonferroni). A claim is refuted if one of its comparisons is, so a refutation is corrected by the
number of claims and of the claim's comparisons.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.claim_scores import ClaimScores, claim_scores, control_metric
from reports.analysis.claims import CONFIRMED, REFUTED, UNDECIDED, Claim
from reports.analysis.metric_ranges import metric_range
from results.records.record import Record
from results.statistics.comparisons import COMPARED_DECIMALS
from results.statistics.intervals import mean_interval
from results.statistics.significance import MIN_COMMON_SEEDS, SIGNIFICANCE, one_sided_p

CEILING = 0.99
"""If the means of two rows are at least this, a small difference says nothing about them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records say about a comparison of a claim.

    Attributes:
        claim: The comparison.
        count: Common seeds with scores.
        difference: Mean difference over them, with its 95% interval; NaN if it is not defined.
        p_confirmed: p of the test that the difference is above the least difference, times the
            number of claims, at most 1; NaN if it was not tested.
        p_refuted: p of the test that it is below, times the number of claims and the number of the
            claim's comparisons, at most 1; NaN if it was not tested.
        lowest: Lowest score of the row over all its seeds, which may be more than the control's;
            NaN if one of them failed or has no score.
        verdict: ``confirmed``, ``refuted`` or ``open``.
        reason: Why the verdict is open; empty if it is not.
    """

    claim: Claim
    count: int
    difference: tuple[float, float, float]
    p_confirmed: float
    p_refuted: float
    lowest: float
    verdict: str
    reason: str


def judgements(claims: Sequence[Claim], records: Iterable[Record]) -> list[Judgement]:
    """Compare all claims with the records.

    Args:
        claims: All comparisons of all claims: their numbers correct p.
        records: Records of today's versions, failed ones included.

    Raises:
        UsageError: If a claim's benchmark does not say which of several choices of options it
            means, or two records are of the same seed of a row.
    """
    records = list(records)
    comparisons = Counter(claim.claim for claim in claims)
    several = len(comparisons)
    return [
        _judgement(claim, claim_scores(claim, records), several, comparisons[claim.claim])
        for claim in claims
    ]


def claim_verdicts(found: Iterable[Judgement]) -> dict[str, str]:
    """Return the verdict of each whole claim.

    A claim is confirmed if all its comparisons are, refuted if one of them is, and open otherwise.
    """
    verdicts: dict[str, set[str]] = defaultdict(set)
    for one in found:
        verdicts[one.claim.claim].add(one.verdict)
    return {
        claim: REFUTED if REFUTED in each else CONFIRMED if each == {CONFIRMED} else UNDECIDED
        for claim, each in verdicts.items()
    }


def _judgement(claim: Claim, scores: ClaimScores, claims: int, comparisons: int) -> Judgement:
    differences = (scores.row - scores.control).round(COMPARED_DECIMALS)
    interval = mean_interval(differences)
    p_confirmed = p_refuted = np.nan
    if not scores.gaps:
        above = one_sided_p(differences, claim.least)
        below = one_sided_p(-differences, -claim.least)
        p_confirmed = float(np.minimum(1.0, claims * above))
        p_refuted = float(np.minimum(1.0, claims * comparisons * below))
    verdict, reason = _verdict(claim, scores, p_confirmed, p_refuted)
    return Judgement(
        claim=claim,
        count=len(differences),
        difference=(float(interval.mean), float(interval.low), float(interval.high)),
        p_confirmed=p_confirmed,
        p_refuted=p_refuted,
        lowest=scores.lowest,
        verdict=verdict,
        reason=reason,
    )


def _verdict(
    claim: Claim, scores: ClaimScores, p_confirmed: float, p_refuted: float
) -> tuple[str, str]:
    """Return the verdict, and the reason of an open one."""
    count = len(scores.row)
    if scores.gaps:
        return UNDECIDED, "; ".join(scores.gaps)
    if count < MIN_COMMON_SEEDS:
        return UNDECIDED, f"common seeds: {count} of at least {MIN_COMMON_SEEDS}"
    if p_confirmed < SIGNIFICANCE:
        return CONFIRMED, ""
    if p_refuted >= SIGNIFICANCE:
        return UNDECIDED, f"neither significantly above nor below {claim.least:g}"
    if _at_ceiling(claim, scores):
        return UNDECIDED, "both rows reach the ceiling"
    return REFUTED, ""


def _at_ceiling(claim: Claim, scores: ClaimScores) -> bool:
    """Whether both rows have a mean near 1, in accuracies or hit rates."""
    return all(
        (metric.startswith("hit_rate") or metric_range(metric) == (0.0, 1.0))
        and round(float(each.mean()), COMPARED_DECIMALS) >= CEILING
        for metric, each in (
            (claim.metric, scores.row),
            (control_metric(claim), scores.control),
        )
    )
