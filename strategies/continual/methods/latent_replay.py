"""Latent replay: rehearses stored activations of a lower layer (Pellegrini et al. 2020).

The lower layers (the model's features and a narrow layer above them) are frozen, or trained slowly,
since stored codes become outdated when these layers change. Without pretraining they are best left
at their initial weights: on Split MNIST with 157,000 bytes (one pass, validation data, seed 100)
that gave an accuracy of 0.78; training them on the first experience alone gave 0.30, and with a
tenth of every later step 0.20.

Shapes: ``B`` new samples, ``R`` rehearsed codes, ``T`` time steps, ``F`` features, ``E`` width of a
code, ``K`` classes.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel
from strategies.common.batch_norm import freeze_statistics
from strategies.continual.classifier import classifier, trunk
from strategies.continual.method_requirements import (
    require_at_least,
    require_boundaries,
    require_positive,
)
from strategies.continual.replay.buffer import Buffer, build_buffer
from strategies.continual.replay.rehearsal import Replay, samples_of
from strategies.continual.replay.sample_storage import RowStorage
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "Latent replay"
ENCODING_BATCH = 512
"""Samples encoded at a time."""

REACH = 4.0
"""Largest size of a code's entry, whose mean square is 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Capacity, as the number of raw samples that take the same bytes.
        budget: Bytes stored, if not 0.
        shares: ``"reservoir"``: each sample seen has the same probability; ``"balanced"``: equal
            shares of the buffer for the classes seen; ``"per-class"``: equal shares for all classes
            from the start.
        code: Width of a code E.
        form: Codes are stored as ``"bytes"``, in 256 levels, or as ``"half"`` floats.
        hidden: Width of the layer above the codes.
        first: Share of each step that the lower layers make in the first experience, in [0, 1]; 0:
            they keep their initial weights.
        pace: The same share after the first experience.
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"
    code: int = 64
    form: Literal["bytes", "half"] = "bytes"
    hidden: int = 256
    first: float = 0.0
    pace: float = 0.0


class Latent(SequenceModel):
    """Lower layers that compute codes with entries in [0, 1], and a head above them.

    A code has unit mean square; its entries are then clipped at ±``REACH`` and scaled to [0, 1]. A
    sigmoid would saturate on the first experience's few classes and not separate later ones.

    Args:
        trunk: A module with features (`strategies.continual.classifier.trunk`).
        outputs: K.
        config: Options.

    Attributes:
        rehearsed: Codes that enter the next forward pass above the lower layers; used once.
    """

    def __init__(self, trunk: Any, outputs: int, config: Config) -> None:
        super().__init__()
        self.trunk = trunk
        self.narrow = nn.Sequential(
            nn.Linear(trunk.width, config.code), nn.RMSNorm(config.code, elementwise_affine=False)
        )
        self.head = nn.Sequential(
            nn.Linear(config.code, config.hidden), nn.ReLU(), nn.Linear(config.hidden, outputs)
        )
        self.code = config.code
        self.rehearsed: Tensor | None = None

    def initial_state(self, batch: int) -> Any:
        """Return None: the model reads whole samples."""

    def encode(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B E"]:
        """Return the codes of samples."""
        entries: Tensor = self.narrow(self.trunk.features(inputs))
        return 0.5 + 0.5 * entries.clamp(-REACH, REACH) / REACH

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the logits of whole samples, followed by those of the rehearsed codes."""
        codes = self.encode(inputs)
        if self.rehearsed is not None:
            codes, self.rehearsed = torch.cat((codes, self.rehearsed)), None
        return ModelOutput(logits=self.head((2 * codes - 1) * REACH)[:, None], state=state)

    def lower(self) -> list[nn.Parameter]:
        """Return the parameters below the codes."""
        return [*self.trunk.parameters(), *self.narrow.parameters()]


class LatentReplay(Replay):
    """Rehearses codes, and slows down the lower layers.

    Args:
        latent: The model.
        buffer: The replay buffer.
        stream: Provides the task of each class.
        seed: Seed of the order of rehearsal.
        config: Options.
    """

    def __init__(
        self, latent: Latent, buffer: Buffer, stream: Stream, seed: int, config: Config
    ) -> None:
        super().__init__(buffer, stream, seed)
        self.latent = latent
        self.config = config
        self._before: list[Tensor] = []

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a round through the buffer; frozen layers need no gradients."""
        super().before_training_exp(strategy, *args, **kwargs)
        for parameter in self.latent.lower():
            parameter.requires_grad_(self._step_share(strategy) > 0)

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Pass stored codes to the model, and append their labels to the mini-batch."""
        inputs, labels, *rest = strategy.mbatch
        self.new = len(labels)
        if self._cycle is not None:
            none = inputs.new_zeros(0, self.latent.code)
            self.latent.rehearsed, *columns = self.join(
                [none, labels, *rest], self._cycle.take(self.new)
            )
            strategy.mbatch = [inputs, *columns]

    def before_forward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Freeze the statistics of batch normalisation in frozen layers too."""
        if self._step_share(strategy) == 0:
            freeze_statistics(self.latent.trunk)

    @torch.no_grad()
    def before_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Remember the weights of the lower layers."""
        if 0 < self._step_share(strategy) < 1:
            self._before = [parameter.detach().clone() for parameter in self.latent.lower()]

    @torch.no_grad()
    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Undo all but the configured share of their step."""
        if 0 < self._step_share(strategy) < 1:
            for parameter, before in zip(self.latent.lower(), self._before, strict=True):
                parameter.copy_(torch.lerp(before, parameter, self._step_share(strategy)))

    @torch.no_grad()
    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the codes of the experience's samples."""
        inputs, labels = samples_of(strategy)
        self.latent.eval()
        codes = torch.cat(
            [
                self.latent.encode(piece.to(strategy.device))
                for piece in inputs.split(ENCODING_BATCH)
            ]
        )
        self.buffer.offer(codes, labels)

    def _step_share(self, strategy: Any) -> float:
        """Return the share of a step that the lower layers make now."""
        return self.config.pace if strategy.clock.train_exp_counter > 0 else self.config.first


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
        UsageError: If the budget holds no sample, the model has no features, a width is below 1, or
            ``first`` differs from ``pace`` on a stream without task boundaries.
    """
    if config.first != config.pace:
        require_boundaries(stream, "latent-replay, unless first = pace")
    require_positive("latent-replay", code=config.code, hidden=config.hidden)
    require_at_least("latent-replay", 0, first=config.first, pace=config.pace)
    latent = Latent(trunk(model), stream.signature.outputs, config)
    buffer = build_buffer(
        RowStorage.empty((config.code,), torch.uint8 if config.form == "bytes" else torch.float16),
        stream,
        config,
        shares=config.shares,
        seed=seed,
    )
    return ContinualStrategy(
        model=classifier(latent, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[LatentReplay(latent, buffer, stream, seed, config)],
    )
