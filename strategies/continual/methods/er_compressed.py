"""Experience replay of compressed samples: each is deflated for itself, so that more of them fit.

Time to inflate them is training time.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from baselines.interface import SequenceModel
from results.errors import UsageError
from strategies.continual.classifier import classifier
from strategies.continual.replay.buffer import Buffer, raw_storage, room_for
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.replay.sample_storage import DeflatedStorage
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream, require_boundaries

VERSION = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: As many bytes are kept as this many raw samples take.
        budget: Bytes kept, if not 0.
        shares: ``"reservoir"``: each sample met stands the same chance; ``"balanced"``: equal room
            for the classes met; ``"per-class"``: equal room for all classes from the start.
        weighting: ``"equal"``, or ``"experience"``: in the n-th experience the new samples weigh
            1/n together, the rehearsed ones the rest.
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
        UsageError: If the budget keeps nothing, samples are not images of bytes, or experiences are
            counted that no boundaries tell.
    """
    if config.weighting == "experience":
        require_boundaries(stream, "er-compressed[weighting=experience]")
    raw = raw_storage(stream)
    if raw.data.dtype != torch.uint8:
        raise UsageError(
            "method 'er-compressed' keeps images of bytes, and this stream's samples are floats: use method er"
        )
    signature = stream.signature
    buffer = Buffer(
        DeflatedStorage((signature.length, signature.features or 1)),
        classes=signature.outputs,
        room=room_for(config.budget, config.mem_size, stream),
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
