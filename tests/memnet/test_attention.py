"""Gradients of both attentions against finite differences."""

import torch

from memnet.attention import attention, window_attention


def matrix(*shape: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=draws).double().requires_grad_()


def test_attention_equals_softmax_with_its_gradient() -> None:
    query, key, value, bias = matrix(2, 3, 4), matrix(2, 5, 4), matrix(2, 5, 3), matrix(2, 1, 5)
    mask = torch.zeros(3, 5).double()
    mask[0, 2:] = -1e9
    weights = (query @ key.transpose(-1, -2) + bias + mask).softmax(-1)
    torch.testing.assert_close(attention(query, key, value, bias, mask), weights @ value)
    assert torch.autograd.gradcheck(
        lambda *given: attention(*given, mask), (query, key, value, bias)
    )


def test_gradient_of_window_attention_equals_finite_differences() -> None:
    qkv, bias = matrix(2, 3 + 4, 3 * 4), matrix(2, 4)
    for time in (0, 2, 9):
        assert torch.autograd.gradcheck(
            lambda *given, t=time: window_attention(*given, t), (qkv, bias)
        )
