"""The variational autoencoder: its loss and its likelihood against torch.distributions."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from strategies.continual.methods._vae import VAE
from tests.strategies.continual.toy_stream import toy

PIXELS = toy()
FLOATS = replace(PIXELS, sample_bytes=4 * 16 + 1)


def vae(floats: bool = False, latent: int = 3) -> VAE:
    torch.manual_seed(0)
    return VAE(FLOATS if floats else PIXELS, hidden=7, layers=2, latent=latent)


@pytest.mark.parametrize("floats", [False, True])
def test_the_loss_is_the_lower_bound_per_value(floats: bool) -> None:
    model, inputs, noise = vae(floats), torch.rand(5, 4, 4), torch.randn(5, 3)
    mean, log_variance = model.encode(inputs)
    posterior = Normal(mean, (log_variance / 2).exp())
    outputs = model.decode(mean + posterior.scale * noise)
    likelihood = (
        Normal(outputs, 1.0).log_prob(inputs.flatten(1)) + math.log(2 * math.pi) / 2
        if floats
        else Bernoulli(outputs, validate_args=False).log_prob(inputs.flatten(1))
    )
    divergence = kl_divergence(posterior, Normal(torch.zeros(3), 1.0))
    expected = (divergence.sum(1) - likelihood.sum(1)).mean() / 16
    torch.testing.assert_close(model.loss(inputs, noise), expected)
    assert model.pixels is not floats


def test_it_has_the_layers_of_the_paper() -> None:
    """Two hidden layers of 7 in the encoder and as many in the decoder."""
    encoder = 16 * 7 + 7 + 7 * 7 + 7 + 7 * 6 + 6
    decoder = 3 * 7 + 7 + 7 * 7 + 7 + 7 * 16 + 16
    assert sum(p.numel() for p in vae().parameters()) == encoder + decoder


def test_the_likelihood_equals_a_loop() -> None:
    model, inputs, noise = vae(), torch.rand(70, 4, 4), torch.randn(6, 3)
    found = model.log_likelihood(inputs, noise)
    for place in (0, 69):
        mean, log_variance = model.encode(inputs[place : place + 1])
        terms = []
        for epsilon in noise:
            latent = mean + (log_variance / 2).exp() * epsilon
            outputs = model.decode(latent)
            terms.append(
                Normal(outputs, 1.0).log_prob(inputs[place].flatten()).sum()
                + Normal(0.0, 1.0).log_prob(latent).sum()
                - Normal(mean, (log_variance / 2).exp()).log_prob(latent).sum()
            )
        expected = torch.stack(terms).exp().mean().log() + 16 * math.log(2 * math.pi) / 2
        torch.testing.assert_close(found[place], expected, atol=1e-4, rtol=1e-4)


def test_the_likelihood_converges_to_the_integral() -> None:
    """One latent variable, on a fine grid."""
    model, inputs = vae(latent=1), torch.rand(3, 4, 4)
    grid = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        distance = (model.decode(grid)[:, None] - inputs.flatten(1)).square().sum(2)
    weights = Normal(0.0, 1.0).log_prob(grid) + math.log(float(grid[1] - grid[0]))
    exact = (-distance / 2 + weights).logsumexp(0)
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.log_likelihood(inputs, noise), exact, atol=0.01, rtol=0)


def test_samples_are_means_of_the_decoder() -> None:
    model, noise = vae(), torch.randn(5, 3)
    found = model.sample(noise)
    assert found.shape == (5, 4, 4)
    torch.testing.assert_close(found.flatten(1), model.decode(noise))
    assert ((found > 0) & (found < 1)).all()
