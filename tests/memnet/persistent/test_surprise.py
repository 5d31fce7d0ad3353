import torch
from hypothesis import given
from hypothesis import strategies as st

from memnet.persistent.surprise import keep, quota, strength


def test_strength_is_larger_for_a_lower_margin_and_one_byte() -> None:
    found = strength(torch.tensor([-9.0, -0.5, 0.0, 0.5, 9.0]))
    assert found.tolist() == [255, 178, 128, 78, 1]


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=5), slots=st.integers(5, 40))
def test_quota_is_the_largest_that_fits(counts: list[int], slots: int) -> None:
    share = quota(torch.tensor(counts), slots)
    assert sum(min(share, count) for count in counts) <= slots
    if share < max(counts):
        assert sum(min(share + 1, count) for count in counts) > slots


def test_keep_takes_the_strongest_of_each_class_and_the_first_of_equals() -> None:
    strengths = torch.tensor([5, 9, 9, 9, 1, 2, 7], dtype=torch.uint8)
    labels = torch.tensor([0, 0, 0, 0, 3, 3, 3])
    assert keep(strengths, labels, 4).tolist() == [1, 2, 5, 6]
    assert keep(strengths, labels, 7).tolist() == list(range(7))
