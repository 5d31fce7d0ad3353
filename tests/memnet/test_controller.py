"""Controller and bottleneck against plain loops."""

import math

import torch
from torch import Tensor

from memnet.bottleneck import SemanticBottleneck
from memnet.controller import TransformerController

HEADS, WIDTH, WINDOW = 2, 6, 3


def normed(x: Tensor, weight: Tensor) -> Tensor:
    return x / (x.square().mean() + torch.finfo(torch.float64).eps).sqrt() * weight


def shaken(module: torch.nn.Module) -> None:
    """Move all parameters away from their initial values."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))


def test_controller_equals_plain_loops() -> None:
    torch.manual_seed(0)
    controller = TransformerController(WIDTH, HEADS, WINDOW).double()
    shaken(controller)
    inputs, before = torch.randn(1, 5, WIDTH).double(), torch.randn(1, WINDOW, WIDTH).double()
    size = WIDTH // HEADS
    with torch.no_grad():
        for time in (0, 2, 9):
            hidden, window = controller(inputs, before, time)
            sequence = torch.cat([before, inputs], dim=1)[0]
            assert torch.equal(window[0], sequence[-WINDOW:])
            parts = [
                controller.qkv.weight @ normed(token, controller.norm_attention.weight)
                for token in sequence
            ]
            for t in range(5):
                here, attended = WINDOW + t, []
                for head in range(HEADS):
                    rows = slice(head * size, (head + 1) * size)
                    shares, contents = [], []
                    for distance in range(WINDOW + 1):
                        if (
                            here - distance >= WINDOW - time
                        ):  # there is nothing before the first token
                            query, key = (
                                parts[here][:WIDTH][rows],
                                parts[here - distance][WIDTH : 2 * WIDTH][rows],
                            )
                            shares.append(
                                math.exp(
                                    query @ key / math.sqrt(size)
                                    + controller.distance_bias[head, distance]
                                )
                            )
                            contents.append(parts[here - distance][2 * WIDTH :][rows])
                    attended.append(
                        sum(
                            share * content for share, content in zip(shares, contents, strict=True)
                        )
                        / sum(shares)
                    )
                middle = sequence[here] + controller.out.weight @ torch.cat(attended)
                first, _, last = controller.mlp
                inner = torch.nn.functional.gelu(
                    first.weight @ normed(middle, controller.norm_mlp.weight) + first.bias
                )
                torch.testing.assert_close(
                    hidden[0, t], middle + last.weight @ inner + last.bias, rtol=1e-9, atol=1e-9
                )


def test_bottleneck_projects_and_normalises() -> None:
    torch.manual_seed(0)
    bottleneck = SemanticBottleneck(WIDTH, 4).double()
    rows = bottleneck.project.weight
    torch.testing.assert_close(
        rows @ rows.T,
        torch.eye(4).double(),
        rtol=0,
        atol=1e-6,
        msg="its initial rows are orthonormal",
    )
    shaken(bottleneck)
    hidden = torch.randn(2, 3, WIDTH).double()
    for row in range(2):
        for t in range(3):
            torch.testing.assert_close(
                bottleneck(hidden)[row, t], normed(rows @ hidden[row, t], bottleneck.norm.weight)
            )
