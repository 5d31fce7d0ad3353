"""Seeded draws for the tests of tasks, and their answers one question at a time."""

from collections.abc import Iterator

import torch

from strategies.sequence.task import Batch, QueryStream


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


def asked_on_forks(
    query_stream: QueryStream, distance: int
) -> Iterator[tuple[list[int], int, int]]:
    """Yield the tokens of a stream with a question behind it, the question's last place, and the answer: for all of them."""
    streams = query_stream.stream(0, query_stream.read_until(distance)).tolist()
    queries = query_stream.queries()
    for stream, inputs, targets in zip(
        streams, queries.inputs.tolist(), queries.targets.tolist(), strict=True
    ):
        for query, target in zip(inputs, targets, strict=True):
            yield stream + query, len(stream) + len(query) - 1, target
