"""Which samples are kept, within a room of bytes.

Samples of one group (all of them, or those of one class) are kept as a reservoir keeps them
(Vitter, ACM TOMS 1985): each sample met so far stands the same chance. Only how many were met is
remembered, so that keeping the rule costs no bytes per sample. Samples may be of unequal sizes, as
compressed images are; the room is then filled with as many as fit.

Shapes: ``k`` samples kept, ``m`` samples offered, ``K`` classes.
"""

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

Shares = Literal["reservoir", "balanced", "per-class"]
"""*reservoir*: one group; *balanced*: equal room for each class met so far, and what the shares leave over for a sample more of the classes
that have fewest; *per-class*: the room divided by all classes from the start.
"""


def admit(
    kept_labels: Int[Tensor, "k"],
    kept_sizes: Int[Tensor, "k"],
    labels: Int[Tensor, "m"],
    sizes: Int[Tensor, "m"],
    met: Int[Tensor, "K"],
    *,
    room: int,
    shares: Shares,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "stay"], Int[Tensor, "enter"]]:
    """Say which of the kept samples stay and which of the offered ones enter.

    Args:
        kept_labels: Classes of what is kept.
        kept_sizes: Bytes of each kept sample.
        labels: Classes of what is offered.
        sizes: Bytes of each offered sample.
        met: Samples of each class that were offered before.
        room: Bytes that all that is kept may take.
        shares: How the room is shared.
        generator: Source of the draws.

    Returns:
        Places among the kept and places among the offered, each in rising order.
    """
    if shares == "reservoir":
        stay, enter = _draw(kept_sizes, sizes, int(met.sum()), room, generator)
        return stay, enter
    known = torch.unique(torch.cat((torch.nonzero(met).flatten(), labels)))
    share = room // (len(known) if shares == "balanced" else len(met))
    stays, enters = [], []
    for label in known.tolist():
        old, new = (
            torch.nonzero(kept_labels == label).flatten(),
            torch.nonzero(labels == label).flatten(),
        )
        stay, enter = _draw(kept_sizes[old], sizes[new], int(met[label]), share, generator)
        stays.append(old[stay])
        enters.append(new[enter])
    stay, enter = torch.cat(stays), torch.cat(enters)
    if shares == "balanced":
        chosen = torch.cat((stay, len(kept_labels) + enter))
        chosen = _one_more(
            torch.cat((kept_labels, labels)),
            torch.cat((kept_sizes, sizes)),
            chosen,
            room,
            generator,
        )
        stay, enter = (
            chosen[chosen < len(kept_labels)],
            chosen[chosen >= len(kept_labels)] - len(kept_labels),
        )
    return stay.sort().values, enter.sort().values


def _one_more(
    labels: Int[Tensor, "n"],
    sizes: Int[Tensor, "n"],
    chosen: Int[Tensor, "c"],
    room: int,
    generator: torch.Generator,
) -> Int[Tensor, "more"]:
    """Choose one sample more of each class, those of which fewest are chosen first, as long as they fit.

    One is drawn of each class: whether it fits must not decide which, or the small ones would be
    favoured.
    """
    refused = torch.ones(len(labels), dtype=torch.bool)
    refused[chosen] = False
    left = room - int(sizes[chosen].sum())
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
    kept: Int[Tensor, "k"],
    offered: Int[Tensor, "m"],
    met: int,
    room: int,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "stay"], Int[Tensor, "enter"]]:
    """Draw within one group; of ``met`` earlier samples, the kept ones are a fair draw."""
    old, new = (
        torch.randperm(len(kept), generator=generator),
        torch.randperm(len(offered), generator=generator),
    )
    all_bytes = float(offered.sum()) + (float(kept.float().mean()) * met if len(kept) else 0.0)
    rate = min(1.0, room / all_bytes) if all_bytes else 0.0
    wanted = int(
        rate * len(new) + float(torch.rand((), generator=generator))
    )  # the mean of the rounding is exact, for small experiences
    enter = new[:wanted]
    while int(offered[enter].sum()) > room:
        enter = enter[:-1]
    left = room - int(offered[enter].sum())
    stay = old[kept[old].cumsum(0) <= left]
    if len(stay) == len(old):
        left -= int(kept.sum())
        more = new[len(enter) :]
        enter = torch.cat((enter, more[offered[more].cumsum(0) <= left]))
    return stay.sort().values, enter.sort().values
