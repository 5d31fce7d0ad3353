"""The short causal convolution against a plain sum."""

import torch

from baselines.models._short_convolution import ShortConvolution


def test_convolution_equals_plain_sum() -> None:
    torch.manual_seed(0)
    convolution = ShortConvolution(3, taps=4, bias=True).double()
    weight, bias = convolution.convolution.weight[:, 0, 0], convolution.convolution.bias
    inputs, context = (
        torch.randn(2, 6, 3, dtype=torch.float64),
        torch.randn(2, 3, 3, dtype=torch.float64),
    )
    found, after = convolution(inputs, context)
    reached = torch.cat([context, inputs], dim=1)
    for t in range(6):
        # The last tap is that of the present step.
        raw = (
            torch.stack([weight[:, 3 - tau] * reached[:, 3 + t - tau] for tau in range(4)]).sum(0)
            + bias
        )
        torch.testing.assert_close(found[:, t], raw * raw.sigmoid())
    torch.testing.assert_close(after, inputs[:, 3:], rtol=0, atol=0)


def test_short_piece_preserves_older_context() -> None:
    convolution = ShortConvolution(2)
    context = torch.arange(6.0).view(1, 3, 2)
    _, after = convolution(torch.tensor([[[8.0, 9.0]]]), context)
    torch.testing.assert_close(
        after, torch.tensor([[[2.0, 3.0], [4.0, 5.0], [8.0, 9.0]]]), rtol=0, atol=0
    )
