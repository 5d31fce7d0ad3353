"""Replay of stored samples with MemNet's encoder, losses and read, but without its memory.

It shows which part of MemNet's gain is not due to its memory. Everything is as in the method
``memnet[encoder=learned]`` (code and its width, hallucination head, neighbour loss, head, answers
read from the stored codes and fused with the head's), except that it stores and rehearses the
samples themselves, raw or compressed, instead of slots that are decoded. So it needs no second
decoder for dreams. It computes the codes after each experience, in eight bits; they follow from the
samples and the encoder, and do not count as stored bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from baselines.interface import SequenceModel
from memnet.persistent.bank import empty_bank, link, write
from memnet.persistent.config import NARROW_CODE, PersistentConfig
from memnet.persistent.memory import PersistentMemory
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.classifier import trunk
from strategies.continual.method_requirements import require_at_least
from strategies.continual.replay.buffer import Buffer, build_buffer, has_bytes, raw_storage
from strategies.continual.replay.rehearsal import Replay, samples_of
from strategies.continual.replay.sample_storage import DeflatedStorage
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 3
TITLE = "ER with MemNet's encoder (control)"
ROLE = "control"
CODE_BITS = 8
"""Bits of an entry of a code."""
MIN_COMPRESSED_BYTES = 16
"""Lower bound of the bytes of a compressed sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method; those that it shares with ``memnet`` have the same meaning.

    Attributes:
        mem_size: Capacity, as the number of raw samples that take the same bytes.
        budget: Bytes stored, if not 0.
        form: Samples are stored ``"raw"`` or, compressed one by one, ``"deflated"``.
        shares: ``"reservoir"``: each sample seen has the same probability; ``"balanced"``: equal
            shares of the buffer for the classes seen; ``"per-class"``: equal shares for all classes
            from the start.
        code: Width of a code; 0 for that of ``memnet`` at the same budget.
        hidden: Hidden width of the hallucination head and of the classifying head.
        top_k: Stored samples read for an answer.
        reconstruction_weight: Weight of the reconstruction error.
        neighbour_weight: Weight of the loss of reading each sample among the others of its batch.
        trust: Weight of the read in the fused answer; the rest is the head's.
    """

    mem_size: int = 200
    budget: int = 0
    form: Literal["raw", "deflated"] = "raw"
    shares: Literal["reservoir", "balanced", "per-class"] = "balanced"
    code: int = 0
    hidden: int = 400
    top_k: int = 16
    reconstruction_weight: float = 125.0
    neighbour_weight: float = 0.5
    trust: float = 0.8


class EncodedReplay(Replay):
    """Rehearses samples with the memory's losses; writes their codes to its bank.

    Args:
        memory: The strategy's model.
        buffer: The replay buffer.
        stream: Provides the task of each class.
        seed: Seed of the order of rehearsal.
    """

    def __init__(self, memory: PersistentMemory, buffer: Buffer, stream: Stream, seed: int) -> None:
        super().__init__(buffer, stream, seed)
        self.memory = memory
        self._codes: Tensor | None = None
        memory.bottleneck.register_forward_hook(self._hold_codes)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a round through the buffer, and give the memory the experience's samples."""
        super().before_training_exp(strategy, *args, **kwargs)
        self.memory.expect(*(column.to(strategy.device) for column in samples_of(strategy)))

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the memory's own losses."""
        assert self._codes is not None
        strategy.loss = strategy.loss + self.memory.objective(
            self.memory.losses(self._codes, strategy.mb_x, strategy.mb_y)
        )

    @torch.no_grad()
    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the experience's samples to the buffer, and encode all stored samples."""
        super().after_training_exp(strategy, *args, **kwargs)
        memory, device = self.memory, strategy.device
        memory.eval()
        bank = empty_bank(len(memory.bank.links), memory.config.code, memory.classes, CODE_BITS)
        bank = type(bank).from_tensors(
            {name: tensor.to(device) for name, tensor in bank.tensors().items()}
        )
        for places in torch.arange(len(self.buffer)).split(512):
            inputs, labels = (tensor.to(device) for tensor in self.buffer.take(places))
            slots = places.to(device)
            bank = link(write(bank, slots, memory.encode(inputs), labels, CODE_BITS), slots, labels)
        memory.bank = bank
        memory.train()
        self._codes = None

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer, the position in it, and the generator of the memory's noise."""
        return {**super().state_dict(), "noise": self.memory.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.memory.generator.set_state(state["noise"])

    def _hold_codes(self, module: Any, inputs: Any, codes: Tensor) -> None:
        """Hold the codes of the forward pass for the losses before the backward pass."""
        self._codes = codes


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
        UsageError: If the budget holds no sample, the model has no features, or an option is out
            of its range.
    """
    require_at_least("er-encoder", 1, top_k=config.top_k, hidden=config.hidden)
    require_at_least(
        "er-encoder",
        0,
        code=config.code,
        reconstruction_weight=config.reconstruction_weight,
        neighbour_weight=config.neighbour_weight,
        trust=config.trust,
    )
    if config.trust > 1:
        raise UsageError(f"method 'er-encoder': trust = {config.trust} must be at most 1")
    signature, raw = stream.signature, raw_storage(stream)
    if config.form == "deflated" and not has_bytes(stream):
        raise UsageError(
            "form = deflated compresses images of bytes, and this stream's samples are not: "
            "use form=raw"
        )
    shape = (signature.length, signature.features or 1)
    buffer = build_buffer(
        raw if config.form == "raw" else DeflatedStorage(shape),
        stream,
        config,
        shares=config.shares,
        seed=seed,
    )
    smallest = stream.sample_bytes if config.form == "raw" else MIN_COMPRESSED_BYTES
    try:
        memory = PersistentMemory(
            trunk(model),
            _options(config, stream, slots=max(buffer.capacity // smallest, 1)),
            shape=shape,
            classes=signature.outputs,
            generator=generator("memory", seed),
            dreams=False,
        )
    except ValueError as error:
        raise UsageError(f"method er-encoder: {error}") from error
    return ContinualStrategy(
        model=memory,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[EncodedReplay(memory, buffer, stream, seed)],
    )


def _options(config: Config, stream: Stream, slots: int) -> PersistentConfig:
    """Return the memory's options."""
    as_memnet = PersistentConfig(
        encoder="learned", budget=config.budget, mem_size=config.mem_size, code=config.code
    )
    signature = stream.signature
    shape = (signature.length, signature.features or 1)
    try:
        code = as_memnet.fitted(stream.sample_bytes, signature.outputs, shape).code
    except ValueError:  # a budget below one slot per class is too small for memnet alone
        code = config.code or NARROW_CODE
    return PersistentConfig(
        encoder="learned",
        slots=slots,
        code=code,
        bits=CODE_BITS,
        hidden=config.hidden,
        top_k=config.top_k,
        reconstruction_weight=config.reconstruction_weight,
        neighbour_weight=config.neighbour_weight,
        trust=config.trust,
    )
