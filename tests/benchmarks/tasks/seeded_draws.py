"""Seeded draws for the tests of tasks, and their answers one question at a time."""

from collections.abc import Iterator

import torch

from strategies.sequence.task import Batch, Probe


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def asked(batch: Batch) -> Iterator[tuple[list[int], int, int]]:
    """Yield the tokens, the position and the answer of every question that counts."""
    for row, tokens in enumerate(batch.inputs.tolist()):
        for place, (position, target) in enumerate(
            zip(batch.positions[row].tolist(), batch.targets[row].tolist(), strict=True)
        ):
            if batch.mask is None or batch.mask[row, place]:
                yield tokens, position, target


def asked_on_forks(probe: Probe, distance: int) -> Iterator[tuple[list[int], int, int]]:
    """Yield the tokens of a stream with a question behind it, the question's last place, and the answer: for all of them."""
    streams = probe.stream(0, probe.read_until(distance)).tolist()
    questions = probe.questions()
    for stream, inputs, targets in zip(
        streams, questions.inputs.tolist(), questions.targets.tolist(), strict=True
    ):
        for question, target in zip(inputs, targets, strict=True):
            yield stream + question, len(stream) + len(question) - 1, target
