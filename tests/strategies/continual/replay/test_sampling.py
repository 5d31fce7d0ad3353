import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.continual.replay.sampling import Shares, admit


def draw(
    kept: list[int],
    offered: list[int],
    seen: list[int],
    room: int,
    shares: Shares,
    seed: int = 0,
    size: int = 5,
) -> tuple[list[int], list[int]]:
    """Classes that stay and classes that enter; all samples of one size."""
    stay, enter = admit(
        torch.tensor(kept, dtype=torch.long),
        torch.full((len(kept),), size),
        torch.tensor(offered),
        torch.full((len(offered),), size),
        torch.tensor(seen),
        room=room,
        shares=shares,
        generator=torch.Generator().manual_seed(seed),
    )
    return [kept[place] for place in stay.tolist()], [offered[place] for place in enter.tolist()]


def test_an_empty_buffer_takes_what_fits() -> None:
    stay, enter = draw([], [0] * 30, [0, 0], room=52, shares="reservoir")
    assert (stay, len(enter)) == ([], 10)
    assert len(draw([], [0] * 6, [0, 0], room=52, shares="reservoir")[1]) == 6


def test_a_reservoir_gives_every_sample_the_same_chance() -> None:
    """30 were met, of which 10 are kept; 10 more make it a quarter of what is kept."""
    entered = [
        len(draw([0] * 10, [1] * 10, [30, 0], room=50, shares="reservoir", seed=seed)[1])
        for seed in range(200)
    ]
    assert set(entered) == {2, 3}
    assert abs(sum(entered) / 200 - 2.5) < 0.15


def test_one_new_sample_enters_as_often_as_its_chance() -> None:
    entered = [
        len(draw([0] * 10, [1], [99, 0], room=50, shares="reservoir", seed=seed)[1])
        for seed in range(1000)
    ]
    assert 70 < sum(entered) < 130


def test_balanced_shares_are_those_of_the_classes_met() -> None:
    stay, enter = draw([0] * 6 + [1] * 6, [2] * 50, [60, 60, 0, 0], room=60, shares="balanced")
    assert (stay, enter) == ([0] * 4 + [1] * 4, [2] * 4)


def test_what_balanced_shares_leave_over_goes_to_one_sample_more_of_some_classes() -> None:
    """Room for 14 of 5 bytes, 4 of each of three classes and two more."""
    for seed in range(20):
        stay, enter = draw(
            [0] * 7 + [1] * 7, [2] * 50, [60, 60, 0], room=74, shares="balanced", seed=seed
        )
        counts = [(stay + enter).count(label) for label in range(3)]
        assert sum(counts) == 14
        assert min(counts) == 4


def test_what_is_left_over_favours_no_small_samples() -> None:
    """Of samples of 10 and of 1 bytes, as many of either are drawn for the room of 10 that is left."""
    small = 0
    for seed in range(400):
        sizes = torch.tensor([10, 1] * 20)
        _, enter = admit(
            torch.zeros(0, dtype=torch.long),
            torch.zeros(0, dtype=torch.long),
            torch.zeros(40, dtype=torch.long),
            sizes,
            torch.tensor([0]),
            room=10,
            shares="balanced",
            generator=torch.Generator().manual_seed(seed),
        )
        small += int(sizes[enter[0]] == 1)
    assert 150 < small < 250


def test_per_class_shares_are_the_same_from_the_start() -> None:
    assert draw([], [0] * 50, [0, 0, 0, 0], room=60, shares="per-class")[1] == [0] * 3


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=40),
    kept=st.lists(st.integers(1, 40), max_size=20),
    more=st.integers(0, 50),
    spare=st.integers(0, 60),
    shares=st.sampled_from(["reservoir", "balanced"]),
    seed=st.integers(0, 99),
)
def test_unequal_samples_fill_the_room_and_no_more(
    sizes: list[int], kept: list[int], more: int, spare: int, shares: Shares, seed: int
) -> None:
    room = max(sum(kept), 1) + spare
    stay, enter = admit(
        torch.zeros(len(kept), dtype=torch.long),
        torch.tensor(kept, dtype=torch.long),
        torch.zeros(len(sizes), dtype=torch.long),
        torch.tensor(sizes),
        torch.tensor([len(kept) + more if kept else 0]),
        room=room,
        shares=shares,
        generator=torch.Generator().manual_seed(seed),
    )
    used = sum(kept[place] for place in stay.tolist()) + sum(
        sizes[place] for place in enter.tolist()
    )
    assert used <= room
    left_out = [size for place, size in enumerate(sizes) if place not in enter.tolist()]
    if len(stay) == len(kept) and left_out:
        assert used + max(kept + sizes) > room, "what is left is less than a sample"
    assert len(set(enter.tolist())) == len(enter)
    assert len(set(stay.tolist())) == len(stay)
