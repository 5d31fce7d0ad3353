"""Shared parts of query tasks: distances, noise, and streams that begin with evidence.

Shapes: ``B`` batch, ``T`` time, ``E`` length of the evidence.
"""

from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

from strategies.sequence.task import Queries


def powers_of_two(first: int, furthest: int) -> list[int]:
    """Return the powers of two from ``first`` (rounded down to one) to ``furthest``."""
    return [2**power for power in range(first.bit_length() - 1, furthest.bit_length())]


def uniform(types: int, rows: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
    """Draw uniform tokens below ``types``.

    They are drawn step by step, so a stream drawn in pieces equals the stream drawn at once.
    """
    return torch.randint(types, (count, rows), generator=generator).transpose(0, 1)


class EvidenceQueryStream:
    """Streams of evidence followed by noise, with the same queries at each distance.

    A distance is the number of tokens from the last position of the evidence to the query's last
    token, where the target is predicted.

    Args:
        evidence: The first tokens of each stream.
        queries: Queries and targets.
        distances: Distances at which the queries are evaluated.
        noise: Draws the given number of further tokens of every stream.
    """

    def __init__(
        self,
        evidence: Int[Tensor, "B E"],
        queries: Queries,
        distances: list[int],
        noise: Callable[[int], Int[Tensor, "B T"]],
    ) -> None:
        self.distances = distances
        self._evidence = evidence
        self._queries = queries
        self._noise = noise

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the next tokens."""
        evidence = self._evidence[:, start:stop]
        return torch.cat([evidence, self._noise(stop - start - evidence.shape[1])], dim=1)

    def read_until(self, distance: int) -> int:
        """Return the position at which a query ends ``distance`` tokens after the evidence."""
        return self._evidence.shape[1] + distance - self._queries.inputs.shape[-1]

    def queries(self) -> Queries:
        """Return the queries and their targets."""
        return self._queries
