"""Next-byte prediction in one domain of text after another: documentation, source, licences.

The texts are those that every installation of Python brings (`benchmarks.datasets.texts`), and a
user's own (``--set data=NAME``). They differ between versions, so a digest of them is part of a
cell's id. A sample is a window of ``context`` bytes, each as 8 bits, highest first; its label is
the next byte. Text is divided into blocks of 1,000 bytes, no window leaves its block, and every
fifth block is for evaluation. The order of the domains is drawn from the seed.

In addition to the accuracy matrix there are the bits per byte: the cross-entropy of the answers,
which is a code length only for methods whose outputs are logits or log-probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int

from benchmarks.datasets.texts import BLOCK_BYTES, FOLD, domains
from benchmarks.streams._splits import measures_of, schedule_of
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.build_stream import assemble
from strategies.continual.stream import Measures, Samples, Stream

VERSION = 1
TITLE = "Text domains"
PRIMARY = "accuracy"
CHANCE = 0.00390625
CHANCE_GIVEN = {"scenario": ("domain", "task")}
DATA = "data"
"""The option that names the user's own texts."""

DIGEST_FROM = "benchmarks.datasets.texts"
"""The module whose ``digest(options, data_root)`` identifies the data of a cell, and whose
``notes(options, data_root)`` are lines on the user's own texts.
"""

BYTE_VALUES, BITS_PER_BYTE = 256, 8
WINDOWS_SEED = 20201129
"""Seed of the places of windows, which are the same for every seed of a cell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        data: Name of a text file, or of a folder of text files, in the data root: further domains.
        context: Bytes of a window.
        samples: Training windows per domain.
        tests: Windows per domain to evaluate on.
        experiences: Number of experiences, a domain each; 0 for all domains.
        scenario: ``"domain"``: predict among 256 bytes; ``"class"``: predict among 256 bytes per
            domain, each with classes of its own; ``"task"``: the same, with the domain given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        validation: Evaluate on other blocks of the training text, for tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    data: str = ""
    context: int = 32
    samples: int = 8000
    tests: int = 1000
    experiences: int = 0
    scenario: Literal["class", "domain", "task"] = "domain"
    epochs: int = 2
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    """Do nothing: the texts are part of Python and of installed packages, or a user's own."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the texts of this installation, and those in ``data_root``.

    Raises:
        UsageError: If a domain is missing or too short, or an option is not valid.
    """
    _check(config)
    texts = _chosen(domains(config.data, data_root), config.experiences, seed)
    stride = 0 if config.scenario == "domain" else BYTE_VALUES
    parts = [
        [
            windows(text, config, name, test=test, first=place * stride)
            for place, (name, text) in enumerate(texts.items())
        ]
        for test in (False, True)
    ]
    measures = measures_of(config)
    return assemble(
        *parts,
        outputs=stride * len(texts) or BYTE_VALUES,
        classes=tuple(
            tuple(range(place * stride, place * stride + BYTE_VALUES))
            for place in range(len(texts))
        ),
        schedule=schedule_of(config),
        measures=Measures(track=measures.track, probe=measures.probe, bits=True),
        sample_bytes=config.context + 1,
        seed=seed,
        scenario=config.scenario,
    )


def windows(text: bytes, config: Config, name: str, *, test: bool, first: int = 0) -> Samples:
    """Draw windows from the training or the evaluation blocks of a text.

    Args:
        text: The text.
        config: Options.
        name: Name of the domain; its draws depend on it.
        test: Whether the windows are for evaluation.
        first: Label of the byte 0.
    """
    characters = np.frombuffer(text, dtype=np.uint8)
    folds = np.arange(len(characters) // BLOCK_BYTES) % FOLD
    held_out = FOLD - 2 if config.validation else FOLD - 1
    blocks = np.flatnonzero(folds == held_out if test else folds < held_out)
    part = f"windows {name} {'test' if test else 'train'}"
    draws = generator(part, WINDOWS_SEED)
    count = config.tests if test else config.samples
    chosen = torch.randint(len(blocks), (count,), generator=draws).numpy()
    offsets = torch.randint(BLOCK_BYTES - config.context, (count,), generator=draws).numpy()
    starts = BLOCK_BYTES * blocks[chosen] + offsets
    window: Int[np.ndarray, "n bytes"] = starts[:, None] + np.arange(config.context + 1)
    values = characters[window]
    bits = np.unpackbits(values[:, :-1, None], axis=-1)
    return Samples(
        inputs=torch.from_numpy(bits),
        labels=torch.from_numpy(values[:, -1].astype(np.int64)) + first,
        largest=1,
    )


def _chosen(texts: Mapping[str, bytes], experiences: int, seed: int) -> dict[str, bytes]:
    """Return the domains of the experiences, in an order that the seed determines.

    Raises:
        UsageError: If there are not so many domains.
    """
    if not 0 <= experiences <= len(texts):
        raise UsageError(
            f"experiences={experiences}: there are {len(texts)} domains ({', '.join(texts)}); give "
            f"1 to {len(texts)}, or 0 for all"
        )
    order = torch.randperm(len(texts), generator=generator("order of domains", seed)).tolist()
    names = list(texts)
    return {names[place]: texts[names[place]] for place in order[: experiences or len(texts)]}


def _check(config: Config) -> None:
    """Check the sizes.

    Raises:
        UsageError: If one is out of its range.
    """
    if not 1 <= config.context < BLOCK_BYTES:
        raise UsageError(f"context={config.context} must be from 1 to {BLOCK_BYTES - 1} bytes")
    if min(config.samples, config.tests) < 1:
        raise UsageError(f"samples={config.samples} and tests={config.tests} must be at least 1")
