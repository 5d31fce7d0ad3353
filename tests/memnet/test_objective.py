"""The objective: the weight of each term, the penalty on writing, and the terms themselves.

The terms are recomputed from the reads of the memory.
"""

import math

import pytest
import torch

from memnet.config import MemNetConfig
from memnet.objective import Objective
from tests.memnet.active_model import active_model, run_with_chunks, tokens


def test_total_is_weighted_sum() -> None:
    config = MemNetConfig(hallucination_weight=0.5, utilization_weight=0.25, sparsity_weight=2.0)
    objective = Objective(config, outputs=4).eval()
    losses = {
        "hallucination": torch.tensor(1.0),
        "utilization": torch.tensor(-2.0),
        "sparsity": torch.tensor(3.0),
    }
    objective.smoothed.fill_(0.0)
    assert float(objective(torch.tensor(0.0), losses)) == pytest.approx(0.5 - 0.5 + 6.0)


def test_penalty_on_writing_starts_when_task_is_learned_and_stops_when_it_suffers() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=16)
    low = 0.5 * math.log(16)
    assert objective.ramp(0.0) == 0.0, "nothing has been learned yet: one batch is not enough"
    objective.train()
    for _ in range(200):
        objective(torch.tensor(0.1 * low), {})
    assert objective.ramp(0.1 * low) == pytest.approx(0.9)
    assert objective.ramp(2 * low) == 0.0, "out at once"


def test_penalty_on_writing_is_suspended_while_loss_exceeds_best() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5, sparsity_tolerance=0.02), outputs=16)
    low, patience = 0.5 * math.log(16), 0.02 * math.log(16)
    for _ in range(300):
        objective(torch.tensor(0.2 * low), {})
    best = float(objective.best)
    assert best == pytest.approx(0.2 * low)
    at_best = 1.0 - 0.2
    half = (1.0 - (best + patience / 2) / low) * 0.5
    assert objective.ramp(best) == pytest.approx(at_best)
    assert objective.ramp(best + patience / 2) == pytest.approx(half, rel=1e-3)
    assert objective.ramp(best + 1.01 * patience) == 0.0

    for _ in range(300):
        objective(torch.tensor(0.4 * low), {})
    assert float(objective.best) == best, "the best never rises"
    assert objective.ramp(0.0) == 0.0, (
        "one good batch does not end the suspension: the smoothed loss is still too high"
    )
    total = float(objective(torch.tensor(0.4 * low), {"sparsity": torch.tensor(5.0)}))
    assert total == pytest.approx(0.4 * low), "its weight is zero while suspended"


def test_evaluation_does_not_change_smoothed_loss() -> None:
    objective = Objective(MemNetConfig(), outputs=16).eval()
    before = float(objective.smoothed), float(objective.best)
    objective(torch.tensor(0.0), {})
    assert (float(objective.smoothed), float(objective.best)) == before


def test_guessing_loss_of_numbers_is_their_mean_square() -> None:
    objective = Objective(MemNetConfig(sparsity_onset=0.5), outputs=1)
    objective.expect(torch.tensor([[0.0], [1.0], [0.0], [0.0]]))
    for _ in range(300):
        objective(torch.tensor(0.25 * 0.5 * 0.2), {})
    assert objective.ramp(0.25 * 0.5 * 0.2) == pytest.approx(0.8, rel=1e-4)
    assert objective.ramp(0.25) == 0.0, "no better than guessing"


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
