"""Common parts of ``init=mimetic``: a layer that initially is an associative memory of pairs.

Trockman et al. 2024, "Mimetic Initialization Helps State Space Models Learn to Recall", set the
initial values of Mamba such that its layers act like linear attention. The initial values here are
those of MemNet (:mod:`memnet.heads`, :mod:`memnet.fusion`): a key is the previous token, the query
and the value are the present token, keys and queries have the same projection, which has
orthonormal rows, and the readout is the transpose of the path into memory. So a layer initially
answers with what followed the present token. It is a control for MemNet: it shows what this prior
gives to other memories.

The published layers apply a silu after their convolution. The taps are small, so that it is nearly
linear: ``silu(s·x) ≈ s·x / 2``.
"""

import torch
from torch import nn

from baselines.models._gate import OpenGate
from baselines.models._short_convolution import ShortConvolution

TAP = 0.1
"""The tap s of a convolution that passes one step on."""

PASSED = TAP / 2
"""The factor by which a convolution with this tap, and its silu, scale their input."""


@torch.no_grad()
def pass_one_step(convolution: ShortConvolution, channels: slice, back: int) -> None:
    """Make channels of a convolution pass on the input of ``back`` steps before, times `PASSED`."""
    weight = convolution.convolution.weight
    weight[channels] = 0.0
    weight[channels, ..., convolution.taps - 1 - back] = TAP
    if convolution.convolution.bias is not None:
        convolution.convolution.bias[channels] = 0.0


@torch.no_grad()
def open_evenly(gate: OpenGate) -> None:
    """Make a gate 1 for all inputs."""
    nn.init.zeros_(gate.linear.weight)
