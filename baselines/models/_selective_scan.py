"""The selective scan of Mamba (Gu & Dao 2023, Algorithm 2) with its own gradient.

    h_t = exp(Δ_t A) ⊙ h_{t−1} + (Δ_t x_t) B_tᵀ,    y_t = C_t h_t

A is discretised exactly (ZOH) and B by Euler's rule, as published. Steps are computed in order,
since batch and channels already fill a processor's vector units, and a parallel scan would move
several times more memory. Only the states between chunks are stored; the others are recomputed in
the backward pass (section 3.3.2, recomputation). All decays are at most 1, so nothing can overflow.

Legend: ``B`` batch, ``T`` time, ``E`` channels, ``N`` states of a channel, ``C`` steps of a chunk.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = 8
"""Steps between stored states; the recomputed states of a chunk fit in a cache."""


def selective_scan(
    written: Float[Tensor, "B T E"],
    step: Float[Tensor, "B T E"],
    rate: Float[Tensor, "N E"],
    write: Float[Tensor, "B T N"],
    read: Float[Tensor, "B T N"],
    state: Float[Tensor, "B N E"],
) -> tuple[Float[Tensor, "B T E"], Float[Tensor, "B N E"]]:
    """Scan a piece of a sequence.

    Args:
        written: Δx.
        step: Δ, positive.
        rate: A, negative.
        write: B.
        read: C.
        state: h before the piece.

    Returns:
        The outputs y, and h after the piece.
    """
    time_first = (part.transpose(0, 1).contiguous() for part in (written, step, write, read))
    outputs, state = _Scan.apply(*time_first, rate, state)
    return outputs.transpose(0, 1), state


class _Scan(torch.autograd.Function):
    """The scan with time first: ``[T, B, E]`` and ``[T, B, N]``."""

    @staticmethod
    def forward(
        ctx: Any,
        written: Tensor,
        step: Tensor,
        write: Tensor,
        read: Tensor,
        rate: Tensor,
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        outputs = torch.empty_like(written)
        starts, decay, state = [], torch.empty_like(state), state.clone()
        needs_gradient = any(ctx.needs_input_grad)
        for t in range(len(written)):
            if needs_gradient and t % CHUNK == 0:
                starts.append(state.clone())
            torch.mul(step[t].unsqueeze(1), rate, out=decay).exp_()
            state.mul_(decay).addcmul_(write[t].unsqueeze(2), written[t].unsqueeze(1))
            torch.bmm(read[t].unsqueeze(1), state, out=outputs[t].unsqueeze(1))
        ctx.save_for_backward(
            written, step, write, read, rate, torch.stack(starts) if starts else rate
        )
        return outputs, state

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_outputs: Tensor, grad_state: Tensor) -> tuple[Tensor, ...]:
        *inputs, rate, starts = ctx.saved_tensors
        grads = [torch.empty_like(part) for part in inputs]
        grad_rate, grad_state = torch.zeros_like(starts[0]), grad_state.clone()
        decays = rate.new_empty(CHUNK, *starts.shape[1:])
        states, grad_states = rate.new_empty(CHUNK + 1, *starts.shape[1:]), torch.empty_like(decays)
        for index in reversed(range(len(starts))):
            span = slice(index * CHUNK, (index + 1) * CHUNK)
            sliced, count = [part[span] for part in inputs], len(inputs[0][span])
            workspace = (decays[:count], states[: count + 1], grad_states[:count])
            _recompute(sliced, rate, starts[index], workspace)
            _chunk_backward(
                sliced,
                rate,
                workspace,
                grad_outputs[span],
                grad_state,
                grad_rate,
                [grad[span] for grad in grads],
            )
        return (*grads, grad_rate.sum(0), grad_state)


def _recompute(
    inputs: list[Tensor], rate: Tensor, start: Tensor, workspace: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Recompute a chunk's decays ``[C, B, N, E]`` and states ``[C + 1, B, N, E]``.

    They follow from the state before the chunk.
    """
    written, step, write, _ = inputs
    decays, states, _ = workspace
    torch.mul(step.unsqueeze(2), rate, out=decays).exp_()
    states[0] = start
    for t in range(len(step)):
        torch.mul(states[t], decays[t], out=states[t + 1])
        states[t + 1].addcmul_(write[t].unsqueeze(2), written[t].unsqueeze(1))


def _chunk_backward(
    inputs: list[Tensor],
    rate: Tensor,
    workspace: tuple[Tensor, Tensor, Tensor],
    grad_outputs: Tensor,
    grad_state: Tensor,
    grad_rate: Tensor,
    grads: list[Tensor],
) -> None:
    """Compute a chunk's gradients, in place.

    Args:
        inputs: The chunk's Δx, Δ, B and C.
        rate: A.
        workspace: The chunk's decays, its states with the one before it, and a buffer for the
            gradients of its states; all are overwritten.
        grad_outputs: Gradients of y.
        grad_state: Gradient of h after the chunk; becomes that of h before it.
        grad_rate: Gradient of A for each member of the batch, to which the chunk's is added.
        grads: Outputs: the gradients of the inputs.
    """
    written, step, write, read = inputs
    decays, states, grad_states = workspace
    for t in reversed(range(len(step))):
        grad_state.addcmul_(read[t].unsqueeze(2), grad_outputs[t].unsqueeze(1))
        grad_states[t] = grad_state
        grad_state.mul_(decays[t])
    torch.matmul(write.unsqueeze(2), grad_states, out=grads[0].unsqueeze(2))
    exponent = decays.mul_(grad_states).mul_(states[:-1])  # the gradient of ΔA
    for t in range(len(step)):
        grad_rate.addcmul_(exponent[t], step[t].unsqueeze(1))
    torch.sum(exponent.mul_(rate), dim=2, out=grads[1])
    torch.sum(grad_states.mul_(written.unsqueeze(2)), dim=3, out=grads[2])
    torch.sum(states[1:].mul_(grad_outputs.unsqueeze(2)), dim=3, out=grads[3])
