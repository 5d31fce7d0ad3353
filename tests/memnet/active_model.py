"""A small MemNet far from its initial values, so that every mechanism has an effect."""

from typing import Any

import torch
from torch import Tensor

from memnet.config import MemNetConfig
from memnet.model import MemNet
from memnet.output import ModelOutput

VOCABULARY = 7


def active_model(seed: int = 0, **options: Any) -> MemNet:
    """Return a model in double precision with random weights.

    Its gates open and close, its keys repeat, and its clock and graph have an effect.
    """
    defaults: dict[str, Any] = {
        "width": 16, "bottleneck": 12, "key_width": 6, "slots": 40,
        "chunk": 8, "window": 3, "heads": 2, "hops": 2, "top_k": 4,
        "dream_every": 12, "reuse": 0.8, "fade": 0.3, "degree": 40, "merge": 0.9,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MemNet(
            MemNetConfig(**(defaults | options)), vocabulary=VOCABULARY, outputs=VOCABULARY
        ).double()
        with torch.no_grad():
            surprise = [] if model.surprise is None else [*model.surprise.parameters()]
            others = [one for one in model.parameters() if all(one is not its for its in surprise)]
            for parameter in others:
                parameter.add_(0.2 * torch.randn_like(parameter))
            heads = model.bank.write_heads
            heads.gate.weight.add_(torch.randn_like(heads.gate.weight))
            heads.gate.bias.fill_(-1.5)
            for parameter in surprise:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def tokens(batch: int = 3, length: int = 32, seed: int = 0) -> Tensor:
    return torch.randint(VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(seed))


def task_loss(output: ModelOutput, inputs: Tensor) -> Tensor:
    """Cross-entropy of predicting the next token; after the last, the first."""
    return torch.nn.functional.cross_entropy(
        output.logits.flatten(0, 1), inputs.roll(-1, dims=1).flatten()
    )


def run_with_chunks(
    model: MemNet, inputs: Tensor, **options: Tensor
) -> tuple[ModelOutput, list[Any]]:
    """Run the model; return also the writes and reads of each chunk."""
    done: list[Any] = []
    whole = model._remember

    def remember(*given: Any) -> Any:
        result = whole(*given)
        done.extend(result[3])
        return result

    model._remember = remember
    return model(inputs, **options), done
