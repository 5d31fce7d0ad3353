"""The rule of each task in plain Python: it derives the target from the tokens alone."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

Solver = Callable[[Sequence[Any], int], float]
"""Takes the tokens read and the position of the query; returns the target."""

ENTITIES, LEAVES, NOISE = 64, 64, 256
"""Defaults of `association` and `association-hard`."""

KEYS, VALUES, HALF = 64, 64, 64
"""Defaults of `delayed-recall` and `delayed-recall-hard`: keys, values, length of the evidence."""

PAIRS = {64: 4, 128: 8, 256: 16, 512: 64, 1024: 256}
"""Pairs of `mqar` and `mqar-hard` by the length of the sequence."""


HOP = ENTITIES + NOISE
"""Token of `hops` that follows a link."""

STATES = list(itertools.permutations(range(5)))
"""Tokens and states of `state-tracking`."""


def induction(tokens: Sequence[int], position: int) -> int:
    """Return the token after the first occurrence of the query."""
    return tokens[tokens.index(tokens[position]) + 1]


def induction_hard(tokens: Sequence[int], position: int) -> int:
    """Return the token after the first occurrence of the query's pair."""
    cue = list(tokens[position - 1 : position + 1])
    start = next(place for place in range(position) if list(tokens[place : place + 2]) == cue)
    return tokens[start + 2]


def recall_any(tokens: Sequence[int], position: int) -> int:
    """Return the token after the last earlier occurrence of the query's pair."""
    cue = tokens[position - 1 : position + 1]
    return tokens[max(p for p in range(1, position) if tokens[p - 1 : p + 1] == cue) + 1]


def worth_remembering(tokens: Sequence[int], position: int) -> int:
    """Return the token after the last earlier occurrence of the key."""
    return tokens[max(p for p in range(position) if tokens[p] == tokens[position]) + 1]


def bound(tokens: Sequence[int]) -> dict[int, list[int]]:
    """Return the tokens that follow each key, in order."""
    found: dict[int, list[int]] = {}
    for token, after in itertools.pairwise(tokens):
        if token < KEYS:
            found.setdefault(token, []).append(after)
    return found


def delayed_recall(tokens: Sequence[int], position: int) -> int:
    """Return the last token after the key in the evidence."""
    return bound(tokens[:HALF])[tokens[position]][-1]


def pairs(tokens: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs at the start of a sequence of this length."""
    first = tokens[: 2 * PAIRS[len(tokens)]]
    return list(zip(first[0::2], first[1::2], strict=True))


def mqar(tokens: Sequence[int], position: int) -> int:
    """Return the value of the key's last pair."""
    return dict(pairs(tokens))[tokens[position]]


def links(evidence: Sequence[int], entities: int) -> list[tuple[int, int]]:
    """Return the adjacent entities.

    Noise separates pairs, so no entity has more than one neighbour.
    """
    runs = [
        list(run)
        for entity, run in itertools.groupby(evidence, lambda token: token < entities)
        if entity
    ]
    assert all(len(run) == 2 for run in runs)
    return [(one, other) for one, other in runs]


def follow(found: list[tuple[int, int]], start: int, hops: int) -> int:
    """Return the entity ``hops`` links on."""
    for _ in range(hops):
        start = dict(found)[start]
    return start


def association(tokens: Sequence[int], position: int) -> int:
    """Follow as many links of the evidence as the marker before the entity states."""
    return follow(
        links(tokens[:32], ENTITIES), tokens[position], tokens[position - 1] - ENTITIES - NOISE + 1
    )


def hops(tokens: Sequence[int], position: int) -> int:
    """Follow a link of the evidence for each hop token at the end."""
    start = next(place for place in range(position, 0, -1) if tokens[place] != HOP)
    return follow(links(tokens[:32], ENTITIES), tokens[start], position - start)


def leaf_class(token: int) -> int | None:
    """Return the class of a leaf; None for any other token."""
    return (token - ENTITIES) // LEAVES if ENTITIES <= token < ENTITIES + 2 * LEAVES else None


def leaves(found: list[tuple[int, int]], start: int, kind: int) -> set[int]:
    """Return all leaves of a class that can be reached from an entity."""
    reached, edge = {start}, {start}
    while edge:
        edge = {other for one, other in found if one in edge} - reached
        reached |= edge
    return {token for token in reached if leaf_class(token) == kind}


def association_hard(tokens: Sequence[int], position: int) -> int:
    """Return the one leaf of the class that the marker before the entity names."""
    marker = tokens[position - 1] - (ENTITIES + 2 * LEAVES + NOISE)
    (leaf,) = leaves(links(tokens[:64], ENTITIES + 2 * LEAVES), tokens[position], marker % 2)
    return leaf


def selective_copy(tokens: Sequence[int], position: int) -> int:
    """Return the data token of this marker."""
    data = [token for token in tokens if token not in (0, 15)]
    return data[list(tokens[:position]).count(15)]


def selective_copy_hard(tokens: Sequence[int], position: int) -> int:
    """Return the data token of this marker."""
    data = [token for token in tokens if token < 14]
    return data[list(tokens[:position]).count(22)]


def copy(tokens: Sequence[int], position: int) -> int:
    """Return the symbol of this marker."""
    return tokens[position - tokens.index(8) - 1]


def adding(steps: Sequence[Sequence[float]], position: int) -> float:
    """Return the sum of the marked numbers."""
    return sum(number for number, marker in steps[: position + 1] if marker)


def state_tracking(tokens: Sequence[int], position: int) -> int:
    """Apply one permutation after the other to the elements."""
    images: tuple[int, ...] = STATES[0]
    for token in tokens[: position + 1]:
        images = tuple(STATES[token][image] for image in images)
    return STATES.index(images)


SOLVERS: dict[str, Solver] = {
    "adding": adding,
    "association": association,
    "association-hard": association_hard,
    "copy": copy,
    "delayed-recall": delayed_recall,
    "delayed-recall-hard": delayed_recall,
    "hops": hops,
    "induction": induction,
    "induction-hard": induction_hard,
    "mqar": mqar,
    "mqar-hard": mqar,
    "recall-any": recall_any,
    "selective-copy": selective_copy,
    "selective-copy-hard": selective_copy_hard,
    "state-tracking": state_tracking,
    "worth-remembering": worth_remembering,
}
