"""Experience replay: rehearses as many stored raw samples as new ones (Rolnick et al. 2019)."""

from dataclasses import dataclass
from typing import Literal

import torch

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_boundaries
from strategies.continual.replay.buffer import build_buffer, raw_storage
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 3
TITLE = "Experience replay (ER)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples stored.
        budget: Bytes stored, instead of samples, if not 0.
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
        UsageError: If the budget holds no sample, or ``weighting`` counts experiences on a stream
            without task boundaries.
    """
    if config.weighting == "experience":
        require_boundaries(stream, "er[weighting=experience]")
    buffer = build_buffer(raw_storage(stream), stream, config, shares=config.shares, seed=seed)
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[Replay(buffer, stream, seed, config.weighting)],
    )
