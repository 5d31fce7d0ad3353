"""Parts that tasks asked on forks of streams share.

Distances, noise, and streams that begin with evidence.

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
    """Draw tokens of so many types.

    They are drawn step by step, so a stream in pieces is the stream drawn whole.
    """
    return torch.randint(types, (count, rows), generator=generator).transpose(0, 1)


class EvidenceQueryStream:
    """Streams that begin with evidence and go on as noise, asked the same questions at each distance.

    A distance is the number of tokens from the last place of the evidence to the token at which the
    answer is wanted.

    Args:
        evidence: How each stream begins.
        questions: What is asked.
        distances: Where.
        noise: Draws so many further tokens of every stream.
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
        self._questions = queries
        self._noise = noise

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the next tokens."""
        begun = self._evidence[:, start:stop]
        return torch.cat([begun, self._noise(stop - start - begun.shape[1])], dim=1)

    def read_until(self, distance: int) -> int:
        """The last token of a question stands ``distance`` behind the evidence."""
        return self._evidence.shape[1] + distance - self._questions.inputs.shape[-1]

    def queries(self) -> Queries:
        """Return the questions and their answers."""
        return self._questions
