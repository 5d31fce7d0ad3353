"""Generative classifier: one VAE per class, the answer is the likeliest (van de Ven et al. 2021).

G. van de Ven, Z. Li, A. Tolias, *Class-incremental learning with generative classifiers*, CVPR
workshop 2021. The VAE of a class learns from the samples of this class alone, so a new class
changes nothing of earlier ones. With equal priors of the classes, Bayes' rule gives the answer::

    argmax_k p(x | k)

The likelihoods are estimated by importance sampling (`strategies.continual.methods._vae`). The
default sizes are those for Split MNIST in van de Ven et al., Nature Machine Intelligence 2022. The
code of that paper trains a VAE on mini-batches of its class alone, for as many steps as an
experience has, divided by its classes. With ``gather=2`` and two classes in each experience, a VAE
has as many steps here, on as many samples each. The model is not used. In the *domain* scenario a
label's VAE learns one class after another, and forgets.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``K`` classes, ``Z`` latent
variables, ``S`` importance samples.
"""

from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel
from strategies.common.rng import generator
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.method_requirements import require_positive
from strategies.continual.methods._vae import VAE
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Generative classifier"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        hidden: Width of the hidden layers of each VAE.
        layers: Hidden layers of its encoder, and of its decoder.
        latent: Z.
        samples: S.
        gather: Mini-batches of the stream between two steps, which use the samples of all of them.
    """

    hidden: int = 85
    layers: int = 2
    latent: int = 5
    samples: int = 50
    gather: int = 1


class ClassGenerators(SequenceModel):
    """A VAE for each class.

    Args:
        stream: The stream.
        config: Options.
        seed: Seed of the noise of the likelihoods.

    Attributes:
        seen: Mask of the classes seen.
    """

    seen: Tensor
    noise: Tensor

    def __init__(self, stream: Stream, config: Config, seed: int) -> None:
        super().__init__()
        self.classes = stream.signature.outputs
        self.vaes = nn.ModuleList(
            VAE(stream, hidden=config.hidden, layers=config.layers, latent=config.latent)
            for _ in range(self.classes)
        )
        self.register_buffer("seen", torch.zeros(self.classes, dtype=torch.bool))
        noise = torch.randn(
            config.samples, config.latent, generator=generator("importance samples", seed)
        )
        self.register_buffer("noise", noise, persistent=False)

    def initial_state(self, batch: int) -> Any:
        """Return None: the model reads whole samples."""

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the log-likelihood of whole samples for each class, per value of a sample.

        It is `CLOSED` for unseen classes. In training all are zeros: no loss reads them.
        """
        logits = inputs.new_zeros(len(inputs), self.classes)
        if not self.training:
            values = inputs[0].numel() if len(inputs) else 1
            logits = logits.masked_fill(~self.seen, CLOSED)
            for label in torch.nonzero(self.seen).flatten().tolist():
                logits[:, label] = self.vae(label).log_likelihood(inputs, self.noise) / values
        return ModelOutput(logits=logits[:, None], state=state)

    def vae(self, label: int) -> VAE:
        """Return the VAE of a class."""
        vae = self.vaes[label]
        assert isinstance(vae, VAE)
        return vae

    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B K*Z"]:
        """Return the means of the latent variables of all VAEs."""
        return torch.cat([self.vae(label).encode(inputs)[0] for label in range(self.classes)], 1)

    def loss(
        self,
        inputs: Float[Tensor, "B T F"],
        labels: Int[Tensor, "B"],
        draws: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Return the sum over classes of the mean loss of their samples.

        So each VAE has the gradients of a mini-batch of its own samples.
        """
        losses = []
        for label in labels.unique().tolist():
            own = inputs[labels == label]
            noise = torch.randn(len(own), self.noise.shape[1], generator=draws).to(inputs.device)
            losses.append(self.vae(label).loss(own, noise))
        return torch.stack(losses).sum()


class GenerativeStrategy(ContinualStrategy):
    """Training without a step while mini-batches are gathered."""

    def backward(self) -> None:
        """Compute gradients, if there is a loss; without gradients Adam changes nothing."""
        if self.loss.requires_grad:
            super().backward()


class GenerativeTraining(SupervisedPlugin[Any]):
    """Trains the generators of the classes of the gathered mini-batches.

    Args:
        generators: The model.
        gather: Mini-batches of a step.
        seed: Seed of the noise of the latent variables.
    """

    supports_distributed = False

    def __init__(self, generators: ClassGenerators, gather: int, seed: int) -> None:
        super().__init__()
        self.generators = generators
        self.gather = gather
        self._draws = generator("noise of latent variables", seed)
        self._waiting: list[tuple[Tensor, Tensor]] = []

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Replace the cross-entropy of zeros by the loss of the generators."""
        self._waiting.append((strategy.mb_x, strategy.mb_y))
        if len(self._waiting) < self.gather:
            strategy.loss = strategy.mb_x.new_zeros(())
            return
        inputs, labels = (torch.cat(parts) for parts in zip(*self._waiting, strict=True))
        strategy.loss = self.generators.loss(inputs, labels, self._draws)
        self._waiting = []

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Mark the classes of the mini-batch as seen."""
        self.generators.seen[strategy.mb_y] = True

    def stored_bytes(self) -> int:
        """Return the bytes of the mask of classes, and of mini-batches that wait for a step."""
        waiting = sum(part.nbytes for pair in self._waiting for part in pair)
        return self.generators.seen.nbytes + waiting

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the noise and what waits; the mask is a buffer of the model."""
        return {"draws": self._draws.get_state(), "waiting": self._waiting}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._draws.set_state(state["draws"])
        self._waiting = [(inputs, labels) for inputs, labels in state["waiting"]]


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy; the model is not used.

    Raises:
        UsageError: If a size is below 1.
    """
    require_positive(
        "generative-classifier",
        hidden=config.hidden,
        layers=config.layers,
        latent=config.latent,
        samples=config.samples,
        gather=config.gather,
    )
    generators = ClassGenerators(stream, config, seed)
    return GenerativeStrategy(
        model=classifier(generators, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[GenerativeTraining(generators, config.gather, seed)],
    )
