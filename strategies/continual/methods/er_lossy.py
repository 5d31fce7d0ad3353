"""Experience replay of images in tens of bytes each: few coefficients of their cosine transform.

At equal bytes the buffer holds some 20 times more images than `er`, at the price of detail
(`strategies.continual.replay.dct_storage`). The model reads every sample through the same code, new
and evaluated ones too: otherwise it separates earlier classes from new ones by their blur (on Split
MNIST with 158 kB, one pass, validation data, seed 3100, that gave 0.67, and this 0.92). The
time to code and decode counts as training time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, Signature
from results.errors import UsageError
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_boundaries
from strategies.continual.replay.buffer import build_buffer, has_bytes
from strategies.continual.replay.dct_storage import DctStorage
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "ER, lossy samples"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Capacity, as the number of raw samples that take the same bytes.
        budget: Bytes stored, if not 0.
        shares: ``"reservoir"``: each sample seen has the same probability; ``"balanced"``: equal
            shares of the buffer for the classes seen; ``"per-class"``: equal shares for all classes
            from the start.
        weighting: ``"equal"``, or ``"experience"``: in the n-th experience the new samples have the
            weight 1/n together, the rehearsed ones the rest.
        code: Bytes of an image, its label not included.
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"
    weighting: Literal["equal", "experience"] = "equal"
    code: int = 32


class Coded(SequenceModel):
    """A model that reads whole samples as the buffer returns them.

    Args:
        model: The model.
        storage: Codes and decodes samples.
    """

    def __init__(self, model: SequenceModel, storage: DctStorage) -> None:
        super().__init__()
        self.model: Any = model
        self._storage = storage

    def initial_state(self, batch: int) -> Any:
        """Return the model's initial state."""
        return self.model.initial_state(batch)

    def forward(
        self, inputs: Float[Tensor, "B T F"], state: Any = None, **options: Any
    ) -> ModelOutput:
        """Return the model's output; see :class:`baselines.interface.SequenceModel`."""
        decoded = self._storage.pack(inputs).unpack(torch.arange(len(inputs)))
        output: ModelOutput = self.model(decoded.to(inputs), state, **options)
        return output

    def objective(
        self, task_loss: Float[Tensor, ""], losses: Mapping[str, Float[Tensor, ""]]
    ) -> Float[Tensor, ""]:
        """Return the model's objective."""
        objective: Tensor = self.model.objective(task_loss, losses)
        return objective


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
        UsageError: If the budget holds no sample, ``code`` holds no coefficient, samples are not
            images of bytes, or ``weighting`` counts experiences on a stream without task
            boundaries.
    """
    if config.weighting == "experience":
        require_boundaries(stream, "er-lossy[weighting=experience]")
    if not has_bytes(stream):
        raise UsageError(
            "method 'er-lossy' stores images of bytes, and this stream's samples are not: use "
            "method er"
        )
    if config.code < 2:
        raise UsageError(
            f"method 'er-lossy' does nothing with code = {config.code}: give at least code=2"
        )
    signature = stream.signature
    storage = DctStorage(
        image_shape(signature), (signature.length, signature.features or 1), config.code
    )
    buffer = build_buffer(
        storage,
        stream,
        config,
        shares=config.shares,
        seed=seed,
    )
    return ContinualStrategy(
        model=classifier(Coded(model, storage), stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[Replay(buffer, stream, seed, config.weighting)],
    )


def image_shape(signature: Signature) -> tuple[int, int]:
    """Return height and width of a sample as an image.

    A single step of a square number of pixels is a square image, and of another number one row.
    """
    features = signature.features or 1
    side = math.isqrt(features)
    if signature.length == 1 and side * side == features:
        return side, side
    return signature.length, features
