"""A variational autoencoder of whole samples, with fully connected layers.

Kingma & Welling, *Auto-encoding variational Bayes*, ICLR 2014. The encoder gives ``μ`` and
``log σ²`` of ``q(z | x)``, the prior is standard normal, and ``z = μ + σ ε``. The loss is minus the
lower bound, per value of a sample, as in van de Ven et al., Nature Machine Intelligence 2022::

    L(x) = 1/P · [−log p(x | z) + ½ Σ_j (μ_j² + σ_j² − 1 − log σ_j²)]

For pixels in [0, 1], ``−log p(x | z)`` is the binary cross-entropy with the decoder's sigmoid
outputs; for other values it is half the squared distance to its linear outputs.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``P`` values of a sample (``T·F``),
``Z`` latent variables, ``S`` importance samples.
"""

import math
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from strategies.continual.stream import Stream

LIKELIHOOD_BATCH = 64
"""Samples whose likelihood is estimated at a time."""


class VAE(nn.Module):
    """An autoencoder with hidden layers of ReLU, as many and as wide in encoder and decoder.

    Args:
        stream: Provides the shape of a sample, and whether it has pixels in [0, 1].
        hidden: Width of the hidden layers.
        layers: Number of hidden layers of the encoder.
        latent: Z.
    """

    def __init__(self, stream: Stream, *, hidden: int, layers: int, latent: int) -> None:
        super().__init__()
        self.shape = (stream.signature.length, stream.signature.features or 1)
        self.pixels = stream.sample_bytes - 1 <= math.prod(self.shape)  # bytes or bits
        self.latent = latent
        widths = [math.prod(self.shape), *[hidden] * layers]
        self.body = _hidden_layers(widths)
        self.to_latent = nn.Linear(widths[-1], 2 * latent)
        self.decoder = nn.Sequential(
            _hidden_layers([latent, *reversed(widths[1:])]), nn.Linear(widths[1], widths[0])
        )

    def encode(
        self, inputs: Float[Tensor, "B T F"]
    ) -> tuple[Float[Tensor, "B Z"], Float[Tensor, "B Z"]]:
        """Return ``μ`` and ``log σ²``."""
        mean, log_variance = self.to_latent(self.body(inputs.flatten(1))).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latent: Float[Tensor, "*B Z"]) -> Float[Tensor, "*B P"]:
        """Return the means of ``p(x | z)``."""
        outputs: Tensor = self.decoder(latent)
        return outputs.sigmoid() if self.pixels else outputs

    def loss(
        self, inputs: Float[Tensor, "B T F"], noise: Float[Tensor, "B Z"]
    ) -> Float[Tensor, ""]:
        """Return the mean of ``L(x)`` over samples.

        Args:
            inputs: Samples.
            noise: ε, standard normal.
        """
        mean, log_variance = self.encode(inputs)
        outputs: Tensor = self.decoder(mean + (log_variance / 2).exp() * noise)
        target = inputs.flatten(1)
        reconstruction = (
            functional.binary_cross_entropy_with_logits(outputs, target, reduction="none")
            if self.pixels
            else (outputs - target).square() / 2
        )
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance) / 2
        return (reconstruction.sum(1) + divergence.sum(1)).mean() / target.shape[1]

    @torch.no_grad()
    def sample(self, noise: Float[Tensor, "B Z"]) -> Float[Tensor, "B T F"]:
        """Return generated samples: the means of ``p(x | z)`` for ``z`` from the prior."""
        return self.decode(noise).reshape(len(noise), *self.shape)

    @torch.no_grad()
    def log_likelihood(
        self, inputs: Float[Tensor, "B T F"], noise: Float[Tensor, "S Z"]
    ) -> Float[Tensor, "B"]:
        """Return ``log p(x)``, estimated by importance sampling, up to a constant of the shape.

        With ``z_s = μ + σ ε_s`` and a normal ``p(x | z)`` of unit variance (van de Ven, Li &
        Tolias, *Class-incremental learning with generative classifiers*, 2021)::

            p(x) ≈ 1/S Σ_s p(x | z_s) p(z_s) / q(z_s | x)

        Args:
            inputs: Samples.
            noise: ε, standard normal; the same for all samples, so each is read alone.
        """
        parts = [self._log_likelihood(piece, noise) for piece in inputs.split(LIKELIHOOD_BATCH)]
        return torch.cat(parts) if parts else inputs.new_zeros(0)

    def _log_likelihood(
        self, inputs: Float[Tensor, "B T F"], noise: Float[Tensor, "S Z"]
    ) -> Float[Tensor, "B"]:
        mean, log_variance = (column[:, None] for column in self.encode(inputs))
        latent = mean + (log_variance / 2).exp() * noise
        distance = (self.decode(latent) - inputs.flatten(1)[:, None]).square().sum(2)
        # The terms of −½ log 2π of prior and posterior cancel.
        prior = -latent.square().sum(2) / 2
        posterior = -(noise.square() + log_variance).sum(2) / 2
        return (-distance / 2 + prior - posterior).logsumexp(1) - math.log(len(noise))


def _hidden_layers(widths: list[int]) -> nn.Sequential:
    layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers)
