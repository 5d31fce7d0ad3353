"""Products against plain sums, with their gradients."""

import torch

from memnet.products import combined, inner


def matrix(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape))).double()


def test_products_equal_sums_over_rows_and_columns() -> None:
    a, b = matrix(2, 3, 4), matrix(2, 5, 4).flip(0)
    torch.testing.assert_close(inner(a, b), torch.einsum("npk,nqk->npq", a, b))
    down = b.transpose(-1, -2).contiguous()
    turned = a.transpose(-1, -2).contiguous()
    torch.testing.assert_close(combined(turned, down), torch.einsum("npk,nqk->npq", a, b))


def test_gradients_of_products_equal_finite_differences() -> None:
    a, b = matrix(2, 3, 4).requires_grad_(), matrix(2, 5, 4).flip(0).requires_grad_()
    c = matrix(2, 5, 3).requires_grad_()
    assert torch.autograd.gradcheck(inner, (a, b))
    assert torch.autograd.gradcheck(lambda x, y: combined(x, y), (b, c))
