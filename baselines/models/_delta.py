"""The delta rule with an optional decay, chunk by chunk.

Exact, and parallel over time within a chunk.

With a key k, value v, query q, write strength β and decay α at each step, memory S (keys × values)
is

    S_t = α_t (I − β_t k_t k_tᵀ) S_{t−1} + β_t k_t v_tᵀ,    o_t = S_tᵀ q_t,

the delta rule (Schlag et al. 2021, "Linear Transformers Are Secretly Fast Weight Programmers") if α
= 1, and otherwise the gated delta rule (Yang et al. 2024, "Gated Delta Networks").

Within a chunk let γ_t be the product of its decays up to t, and u_t the vector written at t: the
rule is S_t = α_t S_{t−1} + k_t u_tᵀ with u_t = β_t (v_t − α_t S_{t−1}ᵀ k_t). Unrolled to the memory
S before the chunk, that is a triangular system (the WY form of Yang et al. 2024, "Parallelizing
Linear Transformers with the Delta Rule over Sequence Length", to which the other paper adds the
decay):

    (I + A) U = diag(β) (V − diag(γ) K S),    A_ts = β_t (γ_t / γ_s) k_t·k_s for s < t.

Its solutions for the two terms, W = (I + A)⁻¹ diag(βγ) K and (I + A)⁻¹ diag(β) V, are computed for
all chunks at once; the sequential part is U = (I + A)⁻¹ diag(β) V − W S and the memory after the
chunk, γ_C S + Σ_s (γ_C / γ_s) k_s u_sᵀ. Decays enter as sums of logarithms, so all quotients are at
most 1.

Legend: ``B`` batch, ``H`` heads, ``T`` time, ``N`` chunks, ``C`` steps of a chunk, ``K`` and ``V``
widths of a key and a value.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


class _Chunks(NamedTuple):
    """The effect of each chunk on the memory S before it.

    ``U = written − erasing·S``, ``o = reading·S + within·U``, and after it ``S = left·S +
    writing·U``.
    """

    written: Float[Tensor, "B H N C V"]
    erasing: Float[Tensor, "B H N C K"]
    writing: Float[Tensor, "B H N K C"]
    reading: Float[Tensor, "B H N C K"]
    within: Float[Tensor, "B H N C C"]
    left: Float[Tensor, "B H N 1 1"] | None


def delta_rule(
    query: Float[Tensor, "B H T K"],
    key: Float[Tensor, "B H T K"],
    value: Float[Tensor, "B H T V"],
    strength: Float[Tensor, "B H T"],
    log_decay: Float[Tensor, "B H T"] | None,
    memory: Float[Tensor, "B H K V"],
    chunk: int,
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Write and read a piece of a sequence.

    Args:
        query: q, read after the write of the same step.
        key: k, of unit norm.
        value: v.
        strength: β, in [0, 1].
        log_decay: log α, at most 0; None for α = 1.
        memory: S before the piece.
        chunk: C. A speed setting: results agree for any value.

    Returns:
        The outputs o, and the memory after the piece.
    """
    count = query.shape[2]
    if count == 0:
        return torch.zeros_like(value), memory
    chunk = min(chunk, count)
    # The padding of the last chunk writes nothing (k = 0, β = 0) and erases nothing (log α = 0).
    chunks = _prepare(
        _cut(query, chunk),
        _cut(key, chunk),
        _cut(value, chunk),
        _cut(strength.unsqueeze(-1), chunk),
        None if log_decay is None else _cut(log_decay.unsqueeze(-1), chunk),
    )
    before, deltas = [], []
    lefts = [None] * chunks.written.shape[2] if chunks.left is None else chunks.left.unbind(2)
    for written, erasing, writing, left in zip(
        *(part.unbind(2) for part in chunks[:3]), lefts, strict=True
    ):
        before.append(memory)
        deltas.append(written - erasing @ memory)
        memory = (memory if left is None else left * memory) + writing @ deltas[-1]
    outputs = chunks.reading @ torch.stack(before, dim=2) + chunks.within @ torch.stack(
        deltas, dim=2
    )
    return outputs.flatten(2, 3)[:, :, :count], memory


def _prepare(
    query: Tensor, key: Tensor, value: Tensor, strength: Tensor, log_decay: Tensor | None
) -> _Chunks:
    """Solve each chunk's system; a tensor over steps has shape ``[B, H, N, C, ·]``."""
    overlap, within = strength * (key @ key.transpose(-1, -2)), query @ key.transpose(-1, -2)
    seen, writing, left = key, key, None
    if log_decay is not None:
        total = log_decay.cumsum(dim=-2)
        later = torch.ones(2 * total.shape[-2:-1], dtype=torch.bool, device=key.device).triu(1)
        quotient = (total - total.transpose(-1, -2)).masked_fill(later, -torch.inf).exp()
        overlap, within = overlap * quotient, within * quotient
        gamma, end = total.exp(), total[..., -1:, :]
        seen, query, writing, left = (
            gamma * key,
            gamma * query,
            (end - total).exp() * key,
            end.exp(),
        )
    solution = _inverse(overlap.tril(-1)) * strength.transpose(-1, -2)
    return _Chunks(
        written=solution @ value,
        erasing=solution @ seen,
        writing=writing.transpose(-1, -2),
        reading=query,
        within=within.tril(),
        left=left,
    )


def _inverse(lower: Float[Tensor, "*batch C C"]) -> Float[Tensor, "*batch C C"]:
    """Return ``(I + A)⁻¹`` of strictly lower triangular A, by substitution.

    A power series would lose all digits on similar keys.
    """
    identity = torch.eye(lower.shape[-1], dtype=lower.dtype, device=lower.device).expand_as(lower)
    inverse: Tensor = torch.linalg.solve_triangular(
        lower, identity, upper=False, unitriangular=True
    )
    return inverse


def _cut(vectors: Float[Tensor, "B H T d"], chunk: int) -> Float[Tensor, "B H N C d"]:
    """Cut time into chunks, the last one padded with zeros."""
    missing = -vectors.shape[2] % chunk
    cut: Tensor = functional.pad(vectors, (0, 0, 0, missing)).unflatten(2, (-1, chunk)).contiguous()
    return cut
