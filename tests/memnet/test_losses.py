"""The auxiliary losses, recomputed from the reads of the memory."""

import math

import pytest
import torch

from tests.memnet.active_model import active_model, run_with_chunks, tokens


def test_utilization_is_negative_entropy_of_mean_use() -> None:
    inputs = tokens(batch=2, length=8)
    output, (done,) = run_with_chunks(active_model(chunk=8, dreaming=False), inputs)
    terms = []
    for row in range(2):
        for head in range(2):
            use = done.read.weights[row, head].detach().sum(0)
            shares = [float(part) for part in use / use.sum() if part > 0]
            terms.append(sum(share * math.log(share) for share in shares))
    assert float(output.losses["utilization"].detach()) == pytest.approx(sum(terms) / 4, rel=1e-6)
    assert min(terms) < -0.5, "several slots are read"


def test_hallucination_loss_depends_only_on_read_vectors() -> None:
    model, inputs = active_model(chunk=8, dreaming=False), tokens(batch=2, length=16)
    assert model.hallucination is not None
    assert model.encoder.embedding is not None
    output, done = run_with_chunks(model, inputs)
    read = torch.cat([chunk.read.vectors for chunk in done], dim=1)
    missed = (model.hallucination(read) - model.encoder(inputs)).square().mean()
    torch.testing.assert_close(output.losses["hallucination"], missed, rtol=1e-9, atol=0.0)

    # It has no gradient into the target, nor into contents that are not written or read.
    for chunk in done:
        chunk.read.vectors.retain_grad()
    output.losses["hallucination"].backward(
        inputs=[*(chunk.read.vectors for chunk in done), model.encoder.embedding.weight]
    )
    assert all(chunk.read.vectors.grad.abs().sum(-1).gt(0).any() for chunk in done)
    expected = (model.hallucination(read.detach()) - model.encoder(inputs)).square().mean()
    assert torch.autograd.grad(expected, model.encoder.embedding.weight)[0].abs().max() > 0, (
        "without the detachment the encoder would get a gradient"
    )
    shut = model.hallucination.loss(read.detach(), model.encoder(inputs))
    assert torch.autograd.grad(shut, model.encoder.embedding.weight, allow_unused=True)[0] is None


def test_reconstruction_uses_read_after_write() -> None:
    """The reconstruction uses the read after the write.

    All gates are open, every token is new, and each chunk has one token.
    """
    model, inputs = (
        active_model(chunk=1, heads=1, dreaming=False, hebbian=False, meta_policy=False),
        tokens(batch=1, length=1),
    )
    with torch.no_grad():
        model.bank.write_heads.gate.bias.fill_(50.0)
    _, (done,) = run_with_chunks(model, inputs)
    assert done.read.weights[0, 0, 0].tolist() == [0.0] * (done.read.weights.shape[-1] - 1) + [1.0]
    torch.testing.assert_close(done.read.vectors[0, 0], done.written.values[0, 0, -1])
