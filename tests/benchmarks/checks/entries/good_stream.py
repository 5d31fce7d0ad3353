"""Bright rows among noise, two classes each; it fulfils the contract of streams."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Measures, Samples, Schedule, Stream

KIND = "stream"
PRIMARY = "accuracy"
CHANCE = 0.25
DIGEST = "sha256:0000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream."""

    experiences: int = 2
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 1
    iterations: int = 0
    batch_size: int = 10
    online: int = 0
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    pass


def drawn(seed: int) -> Samples:
    labels = torch.arange(80) % 4
    inputs = 0.15 * torch.rand(80, 4, 4, generator=torch.Generator().manual_seed(seed))
    inputs[torch.arange(80), labels] += 0.8
    return Samples(inputs=inputs, labels=labels)


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    train, test = drawn(0), drawn(2 if config.validation else 1)
    return split_classes(
        train,
        test,
        classes=4,
        experiences=config.experiences,
        schedule=Schedule(
            epochs=config.epochs,
            batch_size=config.batch_size,
            iterations=config.iterations,
            online=config.online,
        ),
        sample_bytes=17,
        seed=seed,
        scenario=config.scenario,
        measures=Measures(track=config.track, probe=config.probe),
    )
