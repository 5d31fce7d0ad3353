import numpy as np
import pytest
from scipy import stats

from results.statistics.significance import holm, one_sided_p, paired_tests


def test_paired_tests_are_holm_corrected_t_tests() -> None:
    differences = np.random.default_rng(0).normal(0.5, 1.0, size=(6, 10))
    differences[2, :4] = np.nan
    raw = [stats.ttest_1samp(row[np.isfinite(row)], 0.0).pvalue for row in differences]
    found = paired_tests(differences)
    np.testing.assert_allclose(found.p, holm(raw), rtol=1e-9)
    np.testing.assert_array_equal(found.count, [10, 10, 6, 10, 10, 10])
    np.testing.assert_allclose(found.difference, np.nanmean(differences, axis=1))


def test_paired_tests_need_five_common_seeds() -> None:
    differences = np.full((2, 6), np.nan)
    differences[0, :4] = [0.5, 0.51, 0.5, 0.49]
    differences[1, :5] = [0.5, 0.51, 0.5, 0.49, 0.5]
    found = paired_tests(differences)
    assert np.isnan(found.p[0])
    assert found.p[1] < 1e-5, "an untested pair does not count in Holm's correction"
    assert list(found.significant) == [False, True]


@pytest.mark.parametrize(
    ("seeds", "p"), [(3, np.nan), (5, 2 / 2**5), (6, 2 / 2**6), (10, 2 / 2**10)]
)
def test_equal_differences_are_tested_by_the_exact_sign_test(seeds: int, p: float) -> None:
    """0.1 + 0.2 − 0.3 is not zero in floating point, and counts as zero."""
    for difference in (0.025, 0.1 + 0.2, -0.3):
        np.testing.assert_allclose(paired_tests([[difference] * seeds]).p, [p])
    expected = np.nan if seeds < 5 else 1.0
    np.testing.assert_array_equal(paired_tests([[0.1 + 0.2 - 0.3] * seeds]).p, [expected])


def test_three_seeds_without_variance_are_not_significant() -> None:
    """Three seeds at 1.000 against 0.975."""
    assert not paired_tests([[0.025] * 3]).significant[0]


def test_paired_tests_without_pairs_or_seeds() -> None:
    assert len(paired_tests(np.zeros((0, 3))).p) == 0
    found = paired_tests(np.full((2, 0), np.nan))
    assert np.isnan(found.p).all()
    assert np.isnan(found.difference).all()
    with pytest.raises(ValueError, match="one row per pair"):
        paired_tests([1.0, 2.0])


def test_one_sided_p_equals_value_by_hand() -> None:
    """Mean 0.03 above the margin, deviation √0.00025: t = 3√2 with four degrees of freedom.

    There ``F(t) = 1/2 + 3/8 · t/√(1 + t²/4) · (1 − t²/(12 (1 + t²/4)))``, so p is
    ``1/2 − 18/(11 √11)`` above the margin and 1 minus that below it.
    """
    differences = np.array([0.21, 0.25, 0.23, 0.22, 0.24])
    by_hand = 0.5 - 18 / (11 * np.sqrt(11))
    assert one_sided_p(differences, 0.2) == pytest.approx(by_hand)
    assert one_sided_p(-differences, -0.2) == pytest.approx(1 - by_hand)
    assert one_sided_p(differences, 0.23) == pytest.approx(0.5), "the mean"


def test_one_sided_p_of_equal_differences_is_that_of_the_sign_test() -> None:
    """0.9 − 0.7 is not 0.2 in floating point, and counts as 0.2."""
    assert one_sided_p([0.3] * 5, 0.2) == 1 / 2**5
    assert one_sided_p([0.3] * 10, 0.2) == 1 / 2**10
    assert one_sided_p([0.1] * 5, 0.2) == 1.0
    assert one_sided_p([0.9 - 0.7] * 5, 0.2) == 1.0, "no difference from the margin"


def test_one_sided_p_needs_five_seeds() -> None:
    assert np.isnan(one_sided_p([0.3, 0.31, 0.3, 0.32], 0.2))
    assert np.isnan(one_sided_p([], 0.2))


def test_holm_equals_values_by_hand() -> None:
    """Three tests: 0.01 · 3; max(that, 0.02 · 2); max(those, 0.04 · 1). NaN does not count."""
    np.testing.assert_allclose(holm([0.04, 0.01, np.nan, 0.02]), [0.04, 0.03, np.nan, 0.04])
    np.testing.assert_allclose(holm([0.9, 0.8]), [1.0, 1.0])
    assert len(holm([])) == 0


def test_holm_controls_the_family_wise_error() -> None:
    """Of families of twenty true null hypotheses, 64% have a rejection uncorrected and 5% here."""
    p = np.random.default_rng(0).uniform(size=(4000, 20))
    assert np.mean((p < 0.05).any(axis=1)) > 0.6
    assert np.mean([(holm(row) < 0.05).any() for row in p]) == pytest.approx(0.05, abs=0.012)
