"""Choice of the samples to store within a capacity in bytes.

Each group (all samples, or those of one class) is a reservoir (Vitter, ACM TOMS 1985): each sample
seen so far has the same probability to be stored. The rule needs only the number of samples seen,
so it costs no bytes per sample. Samples may differ in size, as compressed images do; then as many
are stored as fit.

Shapes: ``k`` stored samples, ``m`` offered samples, ``K`` classes.
"""

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

Shares = Literal["reservoir", "balanced", "per-class"]
"""*reservoir*: one group. *balanced*: equal shares for the classes seen so far; the remainder holds
one more sample of the classes with the fewest. *per-class*: equal shares for all classes from the
start.
"""


def admit(
    stored_labels: Int[Tensor, "k"],
    stored_sizes: Int[Tensor, "k"],
    labels: Int[Tensor, "m"],
    sizes: Int[Tensor, "m"],
    seen: Int[Tensor, "K"],
    *,
    capacity: int,
    shares: Shares,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "stay"], Int[Tensor, "enter"]]:
    """Return which of the stored samples stay and which of the offered ones enter.

    Args:
        stored_labels: Classes of the stored samples.
        stored_sizes: Bytes of each stored sample.
        labels: Classes of the offered samples.
        sizes: Bytes of each offered sample.
        seen: Number of samples of each class that were offered before.
        capacity: Bytes for all stored samples.
        shares: How the capacity is divided.
        generator: Source of the draws.

    Returns:
        Places among the stored and places among the offered samples, each in rising order.
    """
    if shares == "reservoir":
        stay, enter = _draw(stored_sizes, sizes, int(seen.sum()), capacity, generator)
        return stay, enter
    known = torch.unique(torch.cat((torch.nonzero(seen).flatten(), labels)))
    share = capacity // (len(known) if shares == "balanced" else len(seen))
    stays, enters = [], []
    for label in known.tolist():
        old, new = (
            torch.nonzero(stored_labels == label).flatten(),
            torch.nonzero(labels == label).flatten(),
        )
        stay, enter = _draw(stored_sizes[old], sizes[new], int(seen[label]), share, generator)
        stays.append(old[stay])
        enters.append(new[enter])
    stay, enter = torch.cat(stays), torch.cat(enters)
    if shares == "balanced":
        chosen = torch.cat((stay, len(stored_labels) + enter))
        chosen = _one_more(
            torch.cat((stored_labels, labels)),
            torch.cat((stored_sizes, sizes)),
            chosen,
            capacity,
            generator,
        )
        stay, enter = (
            chosen[chosen < len(stored_labels)],
            chosen[chosen >= len(stored_labels)] - len(stored_labels),
        )
    return stay.sort().values, enter.sort().values


def _one_more(
    labels: Int[Tensor, "n"],
    sizes: Int[Tensor, "n"],
    chosen: Int[Tensor, "c"],
    capacity: int,
    generator: torch.Generator,
) -> Int[Tensor, "more"]:
    """Choose one more sample of each class while they fit, beginning with the smallest classes.

    The draw within a class ignores the sizes, since otherwise small samples would be favoured.
    """
    refused = torch.ones(len(labels), dtype=torch.bool)
    refused[chosen] = False
    left = capacity - int(sizes[chosen].sum())
    known = torch.unique(labels)
    counts = torch.bincount(labels[chosen], minlength=int(known.max()) + 1)
    for label in known[counts[known].argsort(stable=True)].tolist():
        places = torch.nonzero(refused & (labels == label)).flatten()
        if len(places) == 0:
            continue
        drawn = places[int(torch.randint(len(places), (), generator=generator))]
        if int(sizes[drawn]) <= left:
            chosen, left = torch.cat((chosen, drawn.reshape(1))), left - int(sizes[drawn])
    return chosen


def _draw(
    stored: Int[Tensor, "k"],
    offered: Int[Tensor, "m"],
    seen: int,
    capacity: int,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "stay"], Int[Tensor, "enter"]]:
    """Draw within one group; the stored samples are a uniform draw from ``seen`` earlier ones."""
    old, new = (
        torch.randperm(len(stored), generator=generator),
        torch.randperm(len(offered), generator=generator),
    )
    all_bytes = float(offered.sum()) + (float(stored.float().mean()) * seen if len(stored) else 0.0)
    rate = min(1.0, capacity / all_bytes) if all_bytes else 0.0
    # Random rounding, so that the mean is exact for small experiences too.
    entering = int(rate * len(new) + float(torch.rand((), generator=generator)))
    enter = new[:entering]
    while int(offered[enter].sum()) > capacity:
        enter = enter[:-1]
    left = capacity - int(offered[enter].sum())
    stay = old[stored[old].cumsum(0) <= left]
    if len(stay) == len(old):
        left -= int(stored.sum())
        more = new[len(enter) :]
        enter = torch.cat((enter, more[offered[more].cumsum(0) <= left]))
    return stay.sort().values, enter.sort().values
