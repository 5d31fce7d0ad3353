"""Deep generative replay: rehearses samples of a VAE with the labels of the earlier model.

H. Shin et al., *Continual learning with deep generative replay*, NeurIPS 2017, with a VAE as the
generator, in the form of van de Ven et al., Nature Machine Intelligence 2022. In the c-th
experience, each mini-batch of new samples ``(x, y)`` is followed by as many generated ones ``x'``,
whose labels ``y'`` are the answers of the model before this experience, among the classes of
earlier ones. The generator learns from the same mini-batches, and from its own earlier samples::

    x' = G_{c−1}(z)    y' = argmax_k f_{c−1}(x')_k    z ~ N(0, I)
    L_model = 1/c · CE(x, y) + (1 − 1/c) · CE(x', y')
    L_generator = 1/c · L(x) + (1 − 1/c) · L(x')

``L`` is the loss of `strategies.continual.methods._vae`. In the *task* scenario each generated
sample gets an earlier task at random, and a label among the classes of this task. The generator's
optimizer is Adam at the learning rate of the model.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``K`` classes.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from avalanche.models.utils import avalanche_forward
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.common.rng import generator
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.method_requirements import require_boundaries, require_positive
from strategies.continual.methods._vae import VAE
from strategies.continual.replay.rehearsal import samples_of, weighted_loss
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Generative replay (DGR)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        hidden: Width of the hidden layers of the VAE.
        layers: Hidden layers of its encoder, and of its decoder.
        latent: Number of its latent variables.
    """

    hidden: int = 400
    layers: int = 2
    latent: int = 100


class GeneratedReplay(SupervisedPlugin[Any]):
    """Rehearses generated samples, and trains the generator.

    Args:
        model: The strategy's model.
        vae: The generator.
        stream: Provides the heads and the number of classes.
        learning_rate: Learning rate of the generator.
        seed: Seed of all noise.

    Attributes:
        earlier: A frozen copy of the model before this experience; unused in the first one.
        earlier_vae: The same of the generator.
    """

    supports_distributed = False

    def __init__(
        self, model: nn.Module, vae: VAE, stream: Stream, learning_rate: float, seed: int
    ) -> None:
        super().__init__()
        self.vae = vae
        self.optimizer = torch.optim.Adam(vae.parameters(), lr=learning_rate)
        self.earlier = copy.deepcopy(model).eval().requires_grad_(False)
        self.earlier_vae = copy.deepcopy(vae).eval().requires_grad_(False)
        self.new = 0
        self._heads = stream.heads
        self._known = torch.zeros(stream.signature.outputs, dtype=torch.bool)
        self._past = 0
        self._draws = generator("generated samples", seed)

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Append as many generated samples as new ones."""
        self.new = len(strategy.mb_y)
        if self._past:
            generated = self._generated(self.new, strategy.device)
            strategy.mbatch = [
                torch.cat((column, more.to(column)))
                for column, more in zip(strategy.mbatch, generated, strict=False)
            ]

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Weight new and generated samples."""
        if self._past:
            loss = weighted_loss(strategy.mb_output, strategy.mb_y, self.new, self._share)
            whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
            strategy.loss = strategy.loss + loss - whole

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Train the generator on the same mini-batch."""
        inputs = strategy.mb_x
        noise = self._noise(len(inputs), strategy.device)
        loss = self.vae.loss(inputs[: self.new], noise[: self.new])
        if self._past:
            replayed = self.vae.loss(inputs[self.new :], noise[self.new :])
            loss = self._share * loss + (1 - self._share) * replayed
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Freeze copies of the model and of the generator."""
        self.earlier.load_state_dict(strategy.model.state_dict())
        self.earlier_vae.load_state_dict(self.vae.state_dict())
        self._known[samples_of(strategy)[1].unique()] = True
        self._past += 1

    @property
    def _share(self) -> float:
        """Weight of the new samples."""
        return 1 / (self._past + 1)

    def _noise(self, count: int, device: torch.device) -> Tensor:
        return torch.randn(count, self.vae.latent, generator=self._draws).to(device)

    @torch.no_grad()
    def _generated(self, count: int, device: torch.device) -> list[Tensor]:
        """Return generated samples as a mini-batch: inputs, labels and tasks."""
        inputs = self.earlier_vae.sample(self._noise(count, device))
        tasks, among = torch.zeros(count, dtype=torch.long), self._known.expand(count, -1)
        if self._heads is not None:
            tasks = torch.randint(self._past, (count,), generator=self._draws)
            among = self._heads[tasks]
        answers = avalanche_forward(self.earlier, inputs, tasks.to(device))
        labels = answers.masked_fill(~among.to(device), 2 * CLOSED).argmax(-1)
        return [inputs, labels, tasks]

    def networks(self) -> list[nn.Module]:
        """Return the generator, and the earlier generator and model."""
        return [self.vae, self.earlier_vae, self.earlier]

    def stored_bytes(self) -> int:
        """Return the bytes of the mask of classes that the earlier model knew."""
        return self._known.nbytes

    def state_dict(self) -> dict[str, Any]:
        """Return all networks, the generator's optimizer, the mask of classes and the noise."""
        return {
            "vae": dict(self.vae.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "earlier": dict(self.earlier.state_dict()),
            "earlier_vae": dict(self.earlier_vae.state_dict()),
            "known": self._known,
            "past": self._past,
            "draws": self._draws.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for name in ("vae", "optimizer", "earlier", "earlier_vae"):
            getattr(self, name).load_state_dict(state[name])
        self._known, self._past = state["known"].clone(), state["past"]
        self._draws.set_state(state["draws"])


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the stream has no task boundaries, or a size is below 1.
    """
    require_boundaries(stream, "generative-replay")
    require_positive(
        "generative-replay", hidden=config.hidden, layers=config.layers, latent=config.latent
    )
    wrapped = classifier(model, stream).to(device)
    vae = VAE(stream, hidden=config.hidden, layers=config.layers, latent=config.latent).to(device)
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[GeneratedReplay(wrapped, vae, stream, learning_rate, seed)],
    )
