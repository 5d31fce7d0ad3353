"""Experience replay of samples that are compressed one by one, so that more of them fit.

The time to decompress them counts as training time.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from baselines.interface import SequenceModel
from results.errors import UsageError
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_boundaries
from strategies.continual.replay.buffer import build_buffer, has_bytes
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.replay.sample_storage import DeflatedStorage
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "ER, compressed samples"


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
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"
    weighting: Literal["equal", "experience"] = "equal"


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
        UsageError: If the budget holds no sample, samples are not images of bytes, or ``weighting``
            counts experiences on a stream without task boundaries.
    """
    if config.weighting == "experience":
        require_boundaries(stream, "er-compressed[weighting=experience]")
    if not has_bytes(stream):
        raise UsageError(
            "method 'er-compressed' stores images of bytes, and this stream's samples are not: "
            "use method er"
        )
    signature = stream.signature
    buffer = build_buffer(
        DeflatedStorage((signature.length, signature.features or 1)),
        stream,
        config,
        shares=config.shares,
        seed=seed,
    )
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[Replay(buffer, stream, seed, config.weighting)],
    )
