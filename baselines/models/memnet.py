"""MemNet: slots in a Hebbian graph, read by a learned mix of policies, reorganised in dreams."""

from baselines.interface import SequenceModel, Signature
from memnet.config import MemNetConfig as Config
from memnet.model import MemNet

__all__ = ["Config", "Model", "build"]

VERSION = 12
TITLE = "MemNet"
HAS_MEMORY = True


class Model(MemNet, SequenceModel):
    """MemNet with the interface that every model implements."""

    streaming = "segment"


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return Model(
        config,
        vocabulary=signature.vocabulary,
        features=signature.features,
        outputs=signature.outputs,
    )
