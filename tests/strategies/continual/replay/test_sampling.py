import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.continual.replay.sampling import Shares, admit


def draw(
    stored: list[int],
    offered: list[int],
    seen: list[int],
    capacity: int,
    shares: Shares,
    seed: int = 0,
    size: int = 5,
) -> tuple[list[int], list[int]]:
    """Classes that stay and classes that enter; all samples of one size."""
    stay, enter = admit(
        torch.tensor(stored, dtype=torch.long),
        torch.full((len(stored),), size),
        torch.tensor(offered),
        torch.full((len(offered),), size),
        torch.tensor(seen),
        capacity=capacity,
        shares=shares,
        generator=torch.Generator().manual_seed(seed),
    )
    return [stored[place] for place in stay.tolist()], [offered[place] for place in enter.tolist()]


def test_an_empty_buffer_takes_what_fits() -> None:
    stay, enter = draw([], [0] * 30, [0, 0], capacity=52, shares="reservoir")
    assert (stay, len(enter)) == ([], 10)
    assert len(draw([], [0] * 6, [0, 0], capacity=52, shares="reservoir")[1]) == 6


def test_a_reservoir_gives_every_sample_the_same_probability() -> None:
    """Of 30 seen samples 10 are stored; 10 new ones should be a quarter of the buffer."""
    entered = [
        len(draw([0] * 10, [1] * 10, [30, 0], capacity=50, shares="reservoir", seed=seed)[1])
        for seed in range(200)
    ]
    assert set(entered) == {2, 3}
    assert abs(sum(entered) / 200 - 2.5) < 0.15


def test_one_new_sample_enters_with_its_probability() -> None:
    entered = [
        len(draw([0] * 10, [1], [99, 0], capacity=50, shares="reservoir", seed=seed)[1])
        for seed in range(1000)
    ]
    assert 70 < sum(entered) < 130


def test_balanced_shares_are_those_of_the_classes_seen() -> None:
    stay, enter = draw([0] * 6 + [1] * 6, [2] * 50, [60, 60, 0, 0], capacity=60, shares="balanced")
    assert (stay, enter) == ([0] * 4 + [1] * 4, [2] * 4)


def test_the_remainder_of_balanced_shares_holds_one_more_sample_per_class() -> None:
    """The capacity is 14 samples of 5 bytes: 4 of each of three classes, and two more."""
    for seed in range(20):
        stay, enter = draw(
            [0] * 7 + [1] * 7, [2] * 50, [60, 60, 0], capacity=74, shares="balanced", seed=seed
        )
        counts = [(stay + enter).count(label) for label in range(3)]
        assert sum(counts) == 14
        assert min(counts) == 4


def test_the_remainder_does_not_favour_small_samples() -> None:
    """For a capacity of 10, as many samples of 10 bytes are drawn as of 1 byte."""
    small = 0
    for seed in range(400):
        sizes = torch.tensor([10, 1] * 20)
        _, enter = admit(
            torch.zeros(0, dtype=torch.long),
            torch.zeros(0, dtype=torch.long),
            torch.zeros(40, dtype=torch.long),
            sizes,
            torch.tensor([0]),
            capacity=10,
            shares="balanced",
            generator=torch.Generator().manual_seed(seed),
        )
        small += int(sizes[enter[0]] == 1)
    assert 150 < small < 250


def test_per_class_shares_are_the_same_from_the_start() -> None:
    assert draw([], [0] * 50, [0, 0, 0, 0], capacity=60, shares="per-class")[1] == [0] * 3


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=40),
    stored=st.lists(st.integers(1, 40), max_size=20),
    more=st.integers(0, 50),
    spare=st.integers(0, 60),
    shares=st.sampled_from(["reservoir", "balanced"]),
    seed=st.integers(0, 99),
)
def test_unequal_samples_fill_the_capacity_and_no_more(
    sizes: list[int], stored: list[int], more: int, spare: int, shares: Shares, seed: int
) -> None:
    capacity = max(sum(stored), 1) + spare
    stay, enter = admit(
        torch.zeros(len(stored), dtype=torch.long),
        torch.tensor(stored, dtype=torch.long),
        torch.zeros(len(sizes), dtype=torch.long),
        torch.tensor(sizes),
        torch.tensor([len(stored) + more if stored else 0]),
        capacity=capacity,
        shares=shares,
        generator=torch.Generator().manual_seed(seed),
    )
    used = sum(stored[place] for place in stay.tolist()) + sum(
        sizes[place] for place in enter.tolist()
    )
    assert used <= capacity
    left_out = [size for place, size in enumerate(sizes) if place not in enter.tolist()]
    if len(stay) == len(stored) and left_out:
        assert used + max(stored + sizes) > capacity, "the remainder is smaller than a sample"
    assert len(set(enter.tolist())) == len(enter)
    assert len(set(stay.tolist())) == len(stay)
