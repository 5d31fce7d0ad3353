"""Pairs of tokens in a sequence: their positions, and which of them bind the same key.

Shapes: ``B`` batch, ``T`` time, ``N`` pairs, ``K`` keys.
"""

import torch
from jaxtyping import Int
from torch import Tensor


def choose(types: int, count: int, batch: int, generator: torch.Generator) -> Int[Tensor, "B N"]:
    """Draw ``count`` distinct values below ``types``, in random order."""
    return torch.rand(batch, types, generator=generator).topk(count, dim=1).indices


def scatter_apart(
    tokens: Int[Tensor, "B T"], pairs: Int[Tensor, "B N 2"], generator: torch.Generator
) -> Int[Tensor, "B N"]:
    """Write pairs, in their order, to random positions with a gap after each.

    The last position stays free.

    Args:
        tokens: Noise, overwritten in place.
        pairs: What to write.
        generator: Source of the positions.

    Returns:
        Position of each pair's first token.
    """
    batch, count, _ = pairs.shape
    # Without the two positions of each pair and the one after it, distinct sorted numbers remain.
    free = choose(tokens.shape[1] - 2 * count, count, batch, generator).sort(dim=1).values
    places = free + 2 * torch.arange(count)
    tokens.scatter_(1, places, pairs[..., 0]).scatter_(1, places + 1, pairs[..., 1])
    return places


def places_for(count: int) -> int:
    """Return the minimum length in which `scatter_apart` can place ``count`` pairs."""
    return 3 * count


def rebind(
    keys: int, again: int, batch: int, generator: torch.Generator
) -> tuple[Int[Tensor, "B N"], Int[Tensor, "B K"]]:
    """Assign keys to ``keys + again`` pairs: the first ``again`` keys twice, the others once.

    Returns:
        The key of each pair, in random order; and the last pair of each key.
    """
    pairs = choose(
        keys + again, keys + again, batch, generator
    )  # the pair of each binding: first bindings of all keys, then second ones
    key_of_binding = torch.cat([torch.arange(keys), torch.arange(again)]).expand(batch, -1)
    owner = torch.empty_like(pairs).scatter_(1, pairs, key_of_binding)
    last = pairs[:, :keys].clone()
    last[:, :again] = torch.maximum(last[:, :again], pairs[:, keys:])
    return owner, last


def shuffle(
    generator: torch.Generator, *rows: Int[Tensor, "B N *rest"]
) -> tuple[Int[Tensor, "B N *rest"], ...]:
    """Shuffle the entries of each row, in the same order in all given tensors."""
    order = torch.rand(rows[0].shape[:2], generator=generator).argsort(dim=1)
    batch = torch.arange(len(order)).unsqueeze(1)
    return tuple(row[batch, order] for row in rows)
