"""Pairs of tokens in a sequence: their positions, and which of them bind the same key.

Shapes: ``B`` batch, ``T`` time, ``N`` pairs or blocks, ``L`` length of a block, ``K`` keys.
"""

import torch
from jaxtyping import Int
from torch import Tensor


def choose(types: int, count: int, batch: int, generator: torch.Generator) -> Int[Tensor, "B N"]:
    """Draw ``count`` distinct values below ``types``, in random order."""
    return torch.rand(batch, types, generator=generator).topk(count, dim=1).indices


def scatter_apart(
    tokens: Int[Tensor, "B T"], blocks: Int[Tensor, "B N L"], generator: torch.Generator
) -> Int[Tensor, "B N"]:
    """Write pairs or longer blocks, in their order, to random positions with a gap after each.

    The last position stays free.

    Args:
        tokens: Noise, overwritten in place.
        blocks: What to write.
        generator: Source of the positions.

    Returns:
        Position of each block's first token.
    """
    batch, count, length = blocks.shape
    # Without the positions of each block and the one after it, distinct sorted numbers remain.
    free = choose(tokens.shape[1] - length * count, count, batch, generator).sort(dim=1).values
    places = free + length * torch.arange(count)
    for offset, written in enumerate(blocks.unbind(2)):
        tokens.scatter_(1, places + offset, written)
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
