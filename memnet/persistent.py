"""The persistent world of MemNet: a memory over samples that survives tasks, and dreams of them.

A trunk reads a sample; a bottleneck makes it a code; the hallucination head decodes a code into the sample again. Slots keep codes of
some of the samples met, each linked to its label. Before an experience all slots are decoded: these dreams, with the labels that the
graph associates with them, are rehearsed among the new samples (imaginative replay; compare Shin et al. 2017, *Continual learning with
deep generative replay*, whose generator holds the past in its weights where here the slots hold it). After it the dreams are encoded
anew, so codes do not go stale as the encoder moves, and new samples take their slots. The answer is read from the slots and fused with
the head's.

Legend: ``B`` batch, ``T`` time, ``F`` features, ``D`` width of the trunk, ``E`` width of a code, ``K`` classes, ``N`` slots, ``M``
samples offered.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.bottleneck import UnitBottleneck
from memnet.persistent_bank import PersistentBank, bank_bytes, cosine, empty_bank, erase, read, slot_bytes, spread, write


@dataclass(frozen=True, kw_only=True, slots=True)
class PersistentConfig:
    """Options of the persistent memory.

    Attributes:
        mem_size: The bank may take as many bytes as this many raw samples, and gets as many slots as fit.
        slots: Number of slots ``N``; where given, ``mem_size`` is not used.
        code: Width of a code ``E``, kept as half floats.
        hidden: Hidden width of the hallucination head and of the classifying head.
        top_k: Slots read for an answer.
        temperature: Temperature of a read at the start; it is learned.
        noise: Standard deviation of the noise on codes while training, whose entries are of order 1.
        dreams: Dreams rehearsed per new sample.
        reconstruction_weight: Weight of the reconstruction error.
        neighbour_weight: Weight of the read of each sample among the others of its batch.
        anchor_weight: Weight of the distance between a dream's code and the code it was decoded from.
        link_rate: η, the weight of a link between a sample's slot and the slot of its label.
        trust: Share of the memory in the fused answer; the rest is the head's.
    """

    mem_size: int = 200
    slots: int | None = None
    code: int = 32
    hidden: int = 256
    top_k: int = 16
    temperature: float = 5.0
    noise: float = 0.1
    dreams: int = 1
    reconstruction_weight: float = 100.0
    neighbour_weight: float = 0.5
    anchor_weight: float = 0.3
    link_rate: float = 1.0
    trust: float = 0.8

    def capacity(self, sample_bytes: int, classes: int) -> int:
        """Return the number of slots.

        Args:
            sample_bytes: Bytes of one raw sample with its label.
            classes: Number of classes ``K``.

        Raises:
            ValueError: If there is not one slot per class.
        """
        overhead = bank_bytes(empty_bank(0, self.code, classes))
        slots = self.slots if self.slots is not None else (self.mem_size * sample_bytes - overhead) // slot_bytes(self.code)
        if slots < classes:
            raise ValueError(f"{slots} slots are fewer than {classes} classes; give more by mem_size or slots")
        return slots


class Trunk(Protocol):
    """What reads a sample: an ``nn.Module`` with a width ``D``."""

    width: int

    def features(self, inputs: Float[Tensor, "B T F"], *, generator: torch.Generator | None = None) -> Float[Tensor, "B D"]:
        """Return what was read of each sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dreams:
    """All slots, decoded.

    Attributes:
        slots: The slots they come from.
        codes: The codes they were decoded from.
        inputs: What they look like.
        labels: The class that the graph associates with them.
    """

    slots: Int[Tensor, "n"]
    codes: Float[Tensor, "n E"]
    inputs: Float[Tensor, "n T F"]
    labels: Int[Tensor, "n"]


class PersistentMemory(nn.Module):
    """A classifier of samples with a memory that survives tasks. A drop-in model: inputs in, logits out.

    Training answers by the head, whose logits a criterion takes. Evaluation answers by the memory and the head together, and writes
    nothing. The bank's tensors are buffers, so that ``state_dict`` and safetensors save and load it whole.

    Args:
        trunk: What reads a sample.
        config: Options.
        shape: Shape of a sample ``(T, F)``; values in [0, 1].
        classes: K.
        slots: N.
        generator: Source of the noise, and of the choice of what is kept.
    """

    def __init__(
        self, trunk: Trunk, config: PersistentConfig, *, shape: tuple[int, ...], classes: int, slots: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        self.classes = classes
        self.generator = generator
        self.trunk = trunk
        self.bottleneck = UnitBottleneck(trunk.width, config.code, config.noise, generator)
        self.hallucination = nn.Sequential(
            nn.Linear(config.code, config.hidden), nn.ReLU(), nn.Linear(config.hidden, math.prod(shape)), nn.Sigmoid()
        )
        self.head = nn.Sequential(nn.Linear(config.code, config.hidden), nn.ReLU(), nn.Linear(config.hidden, classes))
        self.log_temperature = nn.Parameter(torch.tensor(math.log(config.temperature)))
        for name, tensor in empty_bank(slots, config.code, classes).tensors().items():
            self.register_buffer(f"bank_{name}", tensor)

    @property
    def bank(self) -> PersistentBank:
        """The bank as it stands; assigning another replaces it."""
        return PersistentBank.from_tensors({name: getattr(self, f"bank_{name}") for name in PersistentBank.__dataclass_fields__})

    @bank.setter
    def bank(self, bank: PersistentBank) -> None:
        for name, tensor in bank.tensors().items():
            setattr(self, f"bank_{name}", tensor)

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B K"]:
        """Answer.

        ``log(trust · p_memory + (1 − trust) · p_head)`` in evaluation, the head's logits in training and while the bank is empty.
        """
        codes = self.encode(inputs)
        logits: Tensor = self.head(codes)
        if self.training or not bool(self.bank.occupied.any()):
            return logits
        trust = self.config.trust
        return (trust * self.recall(codes) + (1 - trust) * logits.softmax(-1)).clamp_min(1e-12).log()

    def encode(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B E"]:
        """Return the codes of samples."""
        codes: Tensor = self.bottleneck(self.trunk.features(inputs))
        return codes

    def decode(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B T F"]:
        """Return what codes look like."""
        decoded: Tensor = self.hallucination(codes)
        return decoded.reshape(-1, *self.shape)

    def recall(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B K"]:
        """Read the slots and let the activation spread to the labels."""
        found = read(self.bank, codes, self.log_temperature.exp(), self.config.top_k)
        return spread(self.bank, found, self.classes)

    @torch.no_grad()
    def dream(self) -> Dreams | None:
        """Decode all slots, or return None while there are none."""
        bank = self.bank
        slots = torch.nonzero(bank.occupied).flatten()
        if len(slots) == 0:
            return None
        codes = bank.codes[slots].float()
        return Dreams(slots=slots, codes=codes, inputs=self.decode(codes), labels=bank.target[slots].long())

    def losses(
        self,
        codes: Float[Tensor, "B E"],
        inputs: Float[Tensor, "B T F"],
        labels: Int[Tensor, "B"],
        anchors: Float[Tensor, "n E"] | None = None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Return the unweighted auxiliary losses of a batch whose last ``n`` samples are dreams.

        - reconstruction: ``MSE(decode(code), input)``
        - neighbour: ``−log Σ_j W_ij [label_j = label_i]``, where W reads the batch's other samples as if they were slots
        - anchor: ``MSE(code, stored code)`` over the dreams

        Args:
            codes: Codes of the batch.
            inputs: The batch.
            labels: Its classes.
            anchors: Stored codes that the dreams were decoded from.
        """
        losses = {
            "reconstruction": functional.mse_loss(self.decode(codes), inputs),
            "neighbour": neighbour_loss(codes, labels, self.log_temperature.exp()),
        }
        if anchors is not None:
            losses["anchor"] = functional.mse_loss(codes[-len(anchors) :], anchors)
        return losses

    def objective(self, losses: Mapping[str, Float[Tensor, ""]]) -> Float[Tensor, ""]:
        """Weigh and add the auxiliary losses."""
        weights = {
            "reconstruction": self.config.reconstruction_weight,
            "neighbour": self.config.neighbour_weight,
            "anchor": self.config.anchor_weight,
        }
        return torch.stack([weights[name] * value for name, value in losses.items()]).sum()

    @torch.no_grad()
    def consolidate(self, dreams: Dreams | None, inputs: Float[Tensor, "M T F"], labels: Int[Tensor, "M"]) -> Int[Tensor, "n"]:
        """Encode the dreams anew and let new samples take slots, in equal shares per class.

        Within a class every sample met so far is kept with the same chance, as in a reservoir.

        Args:
            dreams: What :meth:`dream` gave before the encoder moved.
            inputs: New samples.
            labels: Their classes.

        Returns:
            How long each slot that was given up had lived, in samples met.
        """
        mode = self.training
        self.eval()
        bank = self.bank
        if dreams is not None:
            bank = replace(bank, codes=bank.codes.index_copy(0, dreams.slots, self._encode_all(dreams.inputs).to(bank.codes.dtype)))
        bank = replace(bank, clock=bank.clock + len(labels), seen=bank.seen + torch.bincount(labels, minlength=self.classes).to(bank.seen))
        given_up, chosen = self._shares(bank, labels)
        ended = (bank.clock - bank.born[given_up]).long()
        bank = erase(bank, given_up)
        free = torch.nonzero(~bank.occupied).flatten()[: len(chosen)]
        self.bank = write(bank, free, self._encode_all(inputs[chosen]), labels[chosen], self.config.link_rate)
        self.train(mode)
        return ended

    def _shares(self, bank: PersistentBank, labels: Int[Tensor, "M"]) -> tuple[Int[Tensor, "g"], Int[Tensor, "c"]]:
        """Say which slots are given up and which samples are taken in. ``bank.seen`` counts the samples already."""
        known = torch.nonzero(bank.seen).flatten().tolist()
        share = len(bank.strength) // len(known)
        given_up, chosen = [], []
        for label in known:
            kept = torch.nonzero(bank.occupied & (bank.target == label)).flatten()
            offered = torch.nonzero(labels == label).flatten()
            met = int(bank.seen[label])
            drawn = torch.randperm(met, generator=self.generator)[:share]
            entering = min(int((drawn < len(offered)).sum()), len(offered))
            staying = min(len(drawn) - entering, len(kept))
            chosen.append(offered[self._permutation(len(offered))[:entering].to(offered.device)])
            given_up.append(kept[self._permutation(len(kept))[staying:].to(kept.device)])
        return torch.cat(given_up), torch.cat(chosen)

    def _permutation(self, count: int) -> Int[Tensor, "n"]:
        return torch.randperm(count, generator=self.generator)

    def _encode_all(self, inputs: Float[Tensor, "M T F"], piece: int = 512) -> Float[Tensor, "M E"]:
        """Encode many samples, in pieces that fit in memory."""
        codes = [self.encode(inputs[start : start + piece]) for start in range(0, len(inputs), piece)]
        return torch.cat(codes) if codes else inputs.new_zeros(0, self.config.code)


def neighbour_loss(codes: Float[Tensor, "B E"], labels: Int[Tensor, "B"], temperature: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """Read each sample from the batch's other samples as if they were slots, and score the label that the read gives.

    Neighbourhood components analysis (Goldberger et al. 2004). Samples alone of their class in the batch are left out.
    """
    itself = torch.eye(len(codes), dtype=torch.bool, device=codes.device)
    same: Bool[Tensor, "B B"] = (labels[:, None] == labels[None, :]) & ~itself
    weights = (temperature * cosine(codes, codes)).masked_fill(itself, -torch.inf).log_softmax(-1)
    scored = same.any(-1)
    if not bool(scored.any()):
        return codes.new_zeros(())
    return -weights[scored].masked_fill(~same[scored], -torch.inf).logsumexp(-1).mean()
