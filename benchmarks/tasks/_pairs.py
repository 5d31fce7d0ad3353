"""Pairs of tokens among others: where they stand, and which of them bind the same key.

Shapes: ``B`` batch, ``T`` time, ``N`` pairs, ``K`` keys.
"""

import torch
from jaxtyping import Int
from torch import Tensor


def choose(types: int, count: int, batch: int, generator: torch.Generator) -> Int[Tensor, "B N"]:
    """Draw ``count`` different ones of ``types``, in random order."""
    return torch.rand(batch, types, generator=generator).topk(count, dim=1).indices


def scatter_apart(
    tokens: Int[Tensor, "B T"], pairs: Int[Tensor, "B N 2"], generator: torch.Generator
) -> Int[Tensor, "B N"]:
    """Write pairs, in their order, to random places where none touches another.

    The last place of all stays free.

    Args:
        tokens: Noise, overwritten in place.
        pairs: What to write.
        generator: Source of the places.

    Returns:
        The place of each pair's first token.
    """
    batch, count, _ = pairs.shape
    # With two places of each pair and one behind it taken out, what is left are distinct numbers in
    # rising order.
    free = choose(tokens.shape[1] - 2 * count, count, batch, generator).sort(dim=1).values
    places = free + 2 * torch.arange(count)
    tokens.scatter_(1, places, pairs[..., 0]).scatter_(1, places + 1, pairs[..., 1])
    return places


def room_for(count: int) -> int:
    """Fewest places among which `scatter_apart` can put so many pairs."""
    return 3 * count


def bind_again(
    keys: int, again: int, batch: int, generator: torch.Generator
) -> tuple[Int[Tensor, "B N"], Int[Tensor, "B K"]]:
    """Say which key each of ``keys + again`` pairs binds, where the first ``again`` keys are bound twice and the others once.

    Returns:
        The key of each pair, in random order of pairs; and the pair that binds each key last.
    """
    pairs = choose(
        keys + again, keys + again, batch, generator
    )  # of each binding: first those of all keys, then the second ones
    key_of_binding = torch.cat([torch.arange(keys), torch.arange(again)]).expand(batch, -1)
    owner = torch.empty_like(pairs).scatter_(1, pairs, key_of_binding)
    last = pairs[:, :keys].clone()
    last[:, :again] = torch.maximum(last[:, :again], pairs[:, keys:])
    return owner, last


def shuffle(
    generator: torch.Generator, *rows: Int[Tensor, "B N *rest"]
) -> tuple[Int[Tensor, "B N *rest"], ...]:
    """Bring the entries of each row into a random order, the same in all tensors given."""
    order = torch.rand(rows[0].shape[:2], generator=generator).argsort(dim=1)
    batch = torch.arange(len(order)).unsqueeze(1)
    return tuple(row[batch, order] for row in rows)
