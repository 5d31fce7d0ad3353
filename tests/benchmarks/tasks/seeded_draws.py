"""Seeded draws for the tests of tasks, and iterators over their queries."""

from collections.abc import Iterator

import torch

from strategies.sequence.task import Batch, QueryStream


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch_queries(batch: Batch) -> Iterator[tuple[list[int], int, int]]:
    """Yield the tokens, the position and the target of every query that is not masked."""
    for row, tokens in enumerate(batch.inputs.tolist()):
        for place, (position, target) in enumerate(
            zip(batch.positions[row].tolist(), batch.targets[row].tolist(), strict=True)
        ):
            if batch.mask is None or batch.mask[row, place]:
                yield tokens, position, target


def stream_queries(
    query_stream: QueryStream, distance: int
) -> Iterator[tuple[list[int], int, int]]:
    """Yield the tokens up to the end of every query, the query's position, and its target."""
    streams = query_stream.stream(0, query_stream.read_until(distance)).tolist()
    queries = query_stream.queries()
    for stream, inputs, targets in zip(
        streams, queries.inputs.tolist(), queries.targets.tolist(), strict=True
    ):
        for query, target in zip(inputs, targets, strict=True):
            yield stream + query, len(stream) + len(query) - 1, target
