"""Exemplars: herding against the algorithm as a loop."""

import torch
from torch.nn import functional

from strategies.continual.replay.exemplars import herded


def unit(count: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return functional.normalize(torch.randn(count, width, generator=generator) + 1, dim=1)


def test_herding_is_that_of_the_paper() -> None:
    """Algorithm 4 as a loop: the next exemplar brings the mean of all closest to that of all."""
    features = unit(30, 3)
    chosen: list[int] = []
    for k in range(1, 13):
        distances = [
            float("inf")
            if place in chosen
            else float((features.mean(0) - (features[place] + features[chosen].sum(0)) / k).norm())
            for place in range(30)
        ]
        chosen.append(distances.index(min(distances)))
    assert herded(features, 12).tolist() == chosen
    assert sorted(herded(features, 99).tolist()) == list(range(30)), "no sample twice"
