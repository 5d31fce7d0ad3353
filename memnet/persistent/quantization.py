"""Quantisation: the uniform quantiser of a code's entries, and the bytes that store it.

An entry of a code is about normal, with mean square 1. It is quantised to ``2^b`` levels with
constant steps, symmetric about zero::

    q = clamp(⌊c / Δ⌋ + 2^(b−1), 0, 2^b − 1),    c ≈ (q − 2^(b−1) + ½) · Δ

with the Δ at which a uniform quantiser loses least of a normal variable (Max 1960, *Quantizing for
minimum distortion*, table II). Training adds noise that is uniform over a step, so that the model
tolerates quantisation (Ballé et al. 2017). Quantising again removes a drift of less than half a
step, so a code that is encoded again many times does not change.

Legend: ``M`` codes, ``E`` width of a code, ``b`` bits of an entry, ``P = E · b / 8`` bytes of a
code.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

STEPS = {2: 0.9957, 4: 0.3352, 8: 0.0308}
"""Δ by bits."""


def packed_width(width: int, bits: int) -> int:
    """Return the bytes ``P`` of one code.

    Raises:
        ValueError: If there is no quantiser of so many bits, or a code does not fill whole bytes.
    """
    if bits not in STEPS:
        raise ValueError(
            f"bits = {bits} is not possible: choose one of {', '.join(map(str, STEPS))}"
        )
    if width < 1 or width * bits % 8:
        raise ValueError(
            f"code = {width} entries of {bits} bits do not fill whole bytes: choose a multiple of "
            f"{8 // bits}"
        )
    return width * bits // 8


def pack(codes: Float[Tensor, "M E"], bits: int) -> UInt8[Tensor, "M P"]:
    """Quantise codes and pack their entries into bytes, the first entry lowest."""
    levels = 2**bits
    entries = (
        (codes.detach() / STEPS[bits]).floor().add(levels // 2).clamp(0, levels - 1).to(torch.uint8)
    )
    if bits == 8:
        return entries
    together: Tensor = entries.unflatten(-1, (-1, 8 // bits)) << _shifts(bits, codes.device)
    return together.sum(-1).to(torch.uint8)


def unpack(packed: UInt8[Tensor, "M P"], bits: int) -> Float[Tensor, "M E"]:
    """Return the codes at the middle of their steps."""
    every = torch.arange(256, dtype=torch.uint8, device=packed.device)
    levels: Tensor = (every.unsqueeze(-1) >> _shifts(bits, packed.device)) & (2**bits - 1)
    entries: Tensor = (levels.float() - (2**bits - 1) / 2) * STEPS[bits]
    return entries[packed.int()].flatten(-2)


def dithered(
    codes: Float[Tensor, "M E"], bits: int, generator: torch.Generator
) -> Float[Tensor, "M E"]:
    """Return codes with noise that is uniform over a step, ``c + Δ·u`` with u in [−½, ½)."""
    noise = torch.rand(codes.shape, generator=generator).to(codes) - 0.5
    return codes + STEPS[bits] * noise


def _shifts(bits: int, device: torch.device) -> Tensor:
    return torch.arange(0, 8, bits, dtype=torch.uint8, device=device)
