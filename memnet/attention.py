"""Attention with a bias that is learned, with a backward pass of few temporaries.

Legend: ``n`` groups, ``C`` queries, ``E`` keys, ``d`` width of a key, ``V`` width of a value, ``B``
batch, ``T`` tokens, ``W`` window, ``H`` heads, ``D`` width of all heads.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function


def attention(
    query: Float[Tensor, "*n C d"],
    key: Float[Tensor, "*n E d"],
    value: Float[Tensor, "*n E V"],
    bias: Float[Tensor, "..."],
    mask: Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "*n C V"]:
    """Return ``softmax(q·kᵀ + bias + mask)·v``.

    The fused kernel of PyTorch has no gradient of a bias and takes twice as long without it.

    Args:
        query: Queries, scaled.
        key: Keys.
        value: Values.
        bias: Learned bias; its shape must expand to that of the scores, ``[*n, C, E]``.
        mask: The same without a gradient: a large negative number where nothing is read.
    """
    result: Tensor = _Attention.apply(query, key, value, bias, mask)
    return result


class _Attention(Function):
    """The scores' array is used again for the weights; the weights are saved, and no score."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, mask: Tensor | None
    ) -> Tensor:
        scores = query @ key.transpose(-1, -2)
        scores += bias
        if mask is not None:
            scores += mask
        weights = scores.softmax(-1)
        result = weights @ value
        ctx.save_for_backward(query, key, value, weights, result)
        ctx.bias_shape = bias.shape
        return result

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, result = ctx.saved_tensors
        (slope,) = slopes
        of_value = weights.transpose(-1, -2) @ slope
        of_weights = slope @ value.transpose(-1, -2)
        mean = (slope * result).sum(-1, keepdim=True)
        of_scores = of_weights.sub_(mean).mul_(weights)
        return (
            of_scores @ key,
            of_scores.transpose(-1, -2) @ query,
            of_value,
            of_scores.sum_to_size(ctx.bias_shape) if ctx.needs_input_grad[3] else None,
            None,
        )


def window_attention(
    qkv: Float[Tensor, "B W+T 3*D"], bias: Float[Tensor, "H W+1"], time: int
) -> Float[Tensor, "B T D"]:
    """Attend to a token and the ``W`` tokens before it.

        a_t = Σ_j softmax_j(q_t·k_{t−j} / √d + b_j)·v_{t−j},  0 ≤ j ≤ W

    There is one pass over all tokens for each distance j, since products of matrices as narrow as a
    head are slow.

    Args:
        qkv: Queries, keys and values of the window's tokens, then of the tokens.
        bias: Bias of each distance.
        time: Tokens read before; places of the window before the first token are not seen.
    """
    result: Tensor = _WindowAttention.apply(qkv, bias, time)
    return result


class _WindowAttention(Function):
    """Tokens are the last dimension, distances the first one, so each pass is contiguous."""

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, bias: Tensor, time: int) -> Tensor:
        heads, reach = bias.shape
        query, key, value = qkv.transpose(1, 2).contiguous().unflatten(1, (3, heads, -1)).unbind(1)
        count = query.shape[-1] - reach + 1
        query = query[..., reach - 1 :] * query.shape[2] ** -0.5
        scores = qkv.new_empty(reach, *query.shape[:2], count)
        for j, earlier in enumerate(_shifted(key, reach)):
            torch.sum(query * earlier, dim=2, out=scores[j])
        scores += bias.transpose(0, 1).unflatten(1, (1, heads, 1))
        for j in range(time + 1, reach):
            scores[j, ..., : j - time] = -math.inf
        weights, read = scores.softmax(0), torch.zeros_like(query)
        for weight, earlier in zip(weights.unsqueeze(3), _shifted(value, reach), strict=True):
            read.addcmul_(weight, earlier)
        ctx.save_for_backward(query, key, value, weights, read)
        return read.flatten(1, 2).transpose(1, 2).contiguous()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, read = ctx.saved_tensors
        reach, heads = weights.shape[0], query.shape[1]
        slope = slopes[0].transpose(1, 2).contiguous().unflatten(1, (heads, -1))
        result = slope.new_zeros(len(slope), 3, *key.shape[1:])
        of_query, of_key, of_value = result.unbind(1)
        of_scores = torch.empty_like(weights)
        for j, (earlier, change) in enumerate(
            zip(_shifted(value, reach), _shifted(of_value, reach), strict=True)
        ):
            change.addcmul_(weights[j].unsqueeze(2), slope)
            torch.sum(slope * earlier, dim=2, out=of_scores[j])
        of_scores.sub_((slope * read).sum(2)).mul_(weights)
        change_of_query = torch.zeros_like(query)
        for part, earlier, change in zip(
            of_scores.unsqueeze(3), _shifted(key, reach), _shifted(of_key, reach), strict=True
        ):
            change_of_query.addcmul_(part, earlier)
            change.addcmul_(part, query)
        of_query[..., reach - 1 :] = change_of_query * query.shape[2] ** -0.5
        return result.flatten(1, 3).transpose(1, 2), of_scores.sum((1, 3)).transpose(0, 1), None


def _shifted(places: Float[Tensor, "B H d W+T"], reach: int) -> list[Float[Tensor, "B H d T"]]:
    """Return the places at each distance before the tokens: 0 to W."""
    count = places.shape[-1] - reach + 1
    return [places[..., start : start + count] for start in reversed(range(reach))]
