import torch

from memnet.persistent.reservoir import offer


def test_the_first_samples_fill_the_places_in_order() -> None:
    taken = offer(met=2, offered=3, share=6, generator=torch.Generator().manual_seed(0))
    assert taken.tolist() == [-1, -1, 0, 1, 2, -1]


def test_the_last_of_those_that_draw_the_same_place_has_it() -> None:
    assert offer(met=0, offered=1, share=1, generator=torch.Generator()).tolist() == [0]
    drawn = [
        int(offer(met=0, offered=2, share=1, generator=torch.Generator().manual_seed(seed))[0])
        for seed in range(400)
    ]
    assert 0.42 < sum(drawn) / len(drawn) < 0.58


def test_every_sample_met_is_kept_with_the_same_chance() -> None:
    """Thirty samples for five places, in portions of four: each stays with chance 1/6."""
    kept = torch.zeros(30)
    rounds = 1500
    generator = torch.Generator().manual_seed(0)
    for _ in range(rounds):
        places = torch.full((5,), -1)
        for met in range(0, 30, 4):
            taken = offer(met, min(4, 30 - met), 5, generator)
            places = torch.where(taken >= 0, taken + met, places)
        kept[places] += 1
    assert float((kept / rounds - 1 / 6).abs().max()) < 0.04
