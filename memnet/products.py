"""Matrix products whose gradients have the layout of their arguments.

The gradients of ``torch.matmul`` of a transposed matrix are transposed too, and each elementwise
operation that mixes the two layouts takes twenty times as long as one that does not.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function


def inner(a: Float[Tensor, "*n P k"], b: Float[Tensor, "*n Q k"]) -> Float[Tensor, "*n P Q"]:
    """Return ``a·bᵀ``: the products of all rows."""
    result: Tensor = _Inner.apply(a, b)
    return result


def combined(a: Float[Tensor, "*n k P"], b: Float[Tensor, "*n k Q"]) -> Float[Tensor, "*n P Q"]:
    """Return ``aᵀ·b``: sums of the rows of ``b``, weighted by the columns of ``a``."""
    result: Tensor = _Combined.apply(a, b)
    return result


class _Inner(Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a @ b.transpose(-1, -2)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        return slopes[0] @ b, slopes[0].transpose(-1, -2) @ a


class _Combined(Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a.transpose(-1, -2) @ b

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        return b @ slopes[0].transpose(-1, -2), a @ slopes[0]
