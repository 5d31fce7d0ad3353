import torch

from memnet.persistent.reservoir import offer


def test_first_samples_fill_places_in_order() -> None:
    taken = offer(seen=2, offered=3, share=6, generator=torch.Generator().manual_seed(0))
    assert taken.tolist() == [-1, -1, 0, 1, 2, -1]


def test_last_sample_that_draws_a_place_gets_it() -> None:
    assert offer(seen=0, offered=1, share=1, generator=torch.Generator()).tolist() == [0]
    drawn = [
        int(offer(seen=0, offered=2, share=1, generator=torch.Generator().manual_seed(seed))[0])
        for seed in range(400)
    ]
    assert 0.42 < sum(drawn) / len(drawn) < 0.58


def test_every_sample_is_stored_with_equal_probability() -> None:
    """Thirty samples for five places, in batches of four: each is stored with probability 1/6."""
    stored = torch.zeros(30)
    rounds = 1500
    generator = torch.Generator().manual_seed(0)
    for _ in range(rounds):
        places = torch.full((5,), -1)
        for seen in range(0, 30, 4):
            taken = offer(seen, min(4, 30 - seen), 5, generator)
            places = torch.where(taken >= 0, taken + seen, places)
        stored[places] += 1
    assert float((stored / rounds - 1 / 6).abs().max()) < 0.04
