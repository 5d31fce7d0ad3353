"""A stream that takes a second to learn."""

import torch

from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Samples, Scenario, Schedule, Stream

NEEDS_BOUNDARIES = (*("cumulative", "ewc", "gdumb", "generative-replay", "icarl", "lwf", "si"),)
"""Methods that are refused on online streams."""


def toy(
    seed: int = 0,
    count: int = 120,
    epochs: int = 3,
    scenario: Scenario = "class",
    schedule: Schedule | None = None,
    garbled_test: bool = False,
) -> Stream:
    """Return a stream of four classes of noisy bright rows in two experiences."""
    parts = []
    for part in range(2):
        generator = torch.Generator().manual_seed(part)
        labels = torch.arange(count) % 4
        inputs = 0.15 * torch.rand(count, 4, 4, generator=generator)
        inputs[torch.arange(count), labels] += 0.8
        parts.append(Samples(inputs=inputs, labels=labels))
    if garbled_test:
        parts[1] = Samples(inputs=torch.rand(count, 4, 4), labels=parts[1].labels.flip(0))
    schedule = schedule or Schedule(epochs=epochs, batch_size=10)
    return split_classes(
        *parts,
        classes=4,
        experiences=2,
        schedule=schedule,
        sample_bytes=17,
        seed=seed,
        scenario=scenario,
    )
