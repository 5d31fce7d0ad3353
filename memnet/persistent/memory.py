"""The persistent memory of MemNet: a memory over samples that survives tasks and dreams of them.

A trunk reads a sample; a bottleneck maps it to a code; the hallucination head decodes a code to the
sample. Slots store codes of some of the samples seen, in few bits, each linked to its label. During
training on new samples, slots are decoded: these dreams, with the labels that the graph associates
with them, are rehearsed together with the new samples (imaginative replay; compare Shin et al.
2017, *Continual learning with deep generative replay*, whose generator stores the past in its
weights, while here the slots store it). In a sleep all rehearsed slots are encoded again, so codes
do not become stale when the encoder changes. The output combines the read of the slots and the
head.

Legend: ``B`` batch, ``D`` width of the trunk, ``E`` width of a code, ``K`` classes, ``N`` slots,
``M`` samples seen, ``n`` dreams; ``...`` is the shape of a sample.
"""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.bottleneck import UnitBottleneck
from memnet.feature_trunk import Trunk
from memnet.hallucination import SampleHallucination
from memnet.persistent.bank import (
    Change,
    PersistentBank,
    SlotRead,
    bank_bytes,
    empty_bank,
    erase,
    link,
    read,
    recode,
    spread,
    write,
)
from memnet.persistent.class_frequency import log_frequency, log_samples_per_slot
from memnet.persistent.config import PersistentConfig
from memnet.persistent.forgetting import Rebuilding, forget
from memnet.persistent.neighbour_loss import neighbour_loss
from memnet.persistent.quantization import dithered, unpack
from memnet.persistent.reservoir import offer
from memnet.persistent.trace import StreamTrace
from memnet.persistent.value_range import ValueRange

ENCODE_BATCH = 512
"""Samples encoded at a time: a speed setting, since each is encoded independently."""

ABSENT = 1e-9
"""Share of a class that is neither new nor in the dreams.

It is so small that the class has no effect on the loss, and its logarithm is finite.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dreams:
    """Decoded slots.

    Attributes:
        codes: Decoded codes: uniform within the quantisation step of each stored code.
        inputs: Decoded samples.
        labels: The class that the graph associates with them.
    """

    codes: Float[Tensor, "n E"]
    inputs: Float[Tensor, "n ..."]
    labels: Int[Tensor, "n"]


class PersistentMemory(nn.Module):
    """A classifier of samples with a memory that survives tasks.

    A drop-in model: inputs in, logits out.

    In training it returns the head's logits, for any criterion. In evaluation it returns the
    combined answer of memory and head, and writes nothing. The bank's tensors are buffers, so
    ``state_dict`` and safetensors save and load it completely. Its attribute ``trace`` is None, or
    a :class:`~memnet.persistent.trace.StreamTrace` that records what it does.

    Args:
        trunk: Module that reads a sample (:func:`memnet.feature_trunk.trunk_of` makes one of any
            classifier).
        config: Options fitted to a budget: the number of slots N and the code width E are set.
        shape: Shape of a sample.
        classes: K.
        generator: Source of the noise, and of the choice of stored samples.
        dreams: Whether slots are decoded; if so, there is a second decoder, a copy of the first at
            the last sleep.
        value_range: The values of a sample that the decoder treats as 0 and 1; by default they are
            learned from the first training samples.

    Raises:
        ValueError: If the options are not fitted, or such a bank is not possible.
    """

    log_prior: Tensor

    def __init__(
        self,
        trunk: nn.Module,
        config: PersistentConfig,
        *,
        shape: tuple[int, ...],
        classes: int,
        generator: torch.Generator,
        dreams: bool = True,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        if config.slots is None or not config.code:
            raise ValueError(
                "a memory needs a number of slots and a code width: PersistentConfig.fitted "
                "computes them"
            )
        self.config = config
        self.shape = shape
        self.classes = classes
        self.generator = generator
        self.trace: StreamTrace | None = None
        self.trunk = trunk
        values = math.prod(shape)
        self.bottleneck = UnitBottleneck(
            cast(Trunk, trunk).width, values, config.code, config.bits, generator
        )
        self.hallucination = SampleHallucination(config.code, config.hidden, values)
        self.dreamer = copy.deepcopy(self.hallucination).requires_grad_(False) if dreams else None
        self.head = nn.Sequential(
            nn.Linear(config.code, config.hidden), nn.ReLU(), nn.Linear(config.hidden, classes)
        )
        self.log_temperature = nn.Parameter(torch.tensor(math.log(config.temperature)))
        self.values = ValueRange(value_range)
        self.register_buffer("log_prior", torch.zeros(classes))
        for name, tensor in (
            empty_bank(config.slots, config.code, classes, config.bits).tensors().items()
        ):
            self.register_buffer(f"bank_{name}", tensor)

    @property
    def bank(self) -> PersistentBank:
        """The current bank; assignment replaces it."""
        return PersistentBank.from_tensors(
            {name: getattr(self, f"bank_{name}") for name in PersistentBank.__dataclass_fields__}
        )

    @bank.setter
    def bank(self, bank: PersistentBank) -> None:
        for name, tensor in bank.tensors().items():
            setattr(self, f"bank_{name}", tensor)

    def forward(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """Return log-probabilities in evaluation, and logits in training.

        In evaluation ``log(trust · p_memory + (1 − trust) · p_head)``, each weighted by how often a
        class was seen (:mod:`memnet.persistent.class_frequency`). In training the head's logits
        plus the logarithm of each class's share in the training data, so that the head has no bias
        towards new classes. While the bank is empty, the head's logits.
        """
        codes = self.encode(inputs)
        logits: Tensor = self.head(codes)
        if self.training:
            return logits + self.log_prior
        if not bool(self.bank.occupied.any()):
            return logits
        trust, head = self.config.trust, (logits + log_frequency(self.bank)).softmax(-1)
        return (trust * self.recall(codes) + (1 - trust) * head).clamp_min(1e-12).log()

    def encode(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B E"]:
        """Return the codes of samples; in training, with the quantisation noise."""
        codes: Tensor = self.bottleneck(
            cast(Trunk, self.trunk).features(inputs), self.values.scaled(inputs.flatten(1))
        )
        return codes

    def recall(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B K"]:
        """Read the slots and spread the activation to the labels."""
        found = self.read(codes)
        if self.trace is not None:
            self.trace.read(found.slots, found.weights, int(self.bank.clock))
        return spread(self.bank, found, self.classes)

    def read(self, codes: Float[Tensor, "B E"]) -> SlotRead:
        """Read the slots that match codes best, each for the samples that it represents."""
        return read(
            self.bank,
            codes,
            self.log_temperature.exp(),
            self.config.top_k,
            self.config.bits,
            bias=log_samples_per_slot(self.bank),
        )

    def stored_bytes(self) -> int:
        """Return the bytes of the bank."""
        return bank_bytes(self.bank)

    @torch.no_grad()
    def expect(self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]) -> None:
        """Set the class shares from the next training data: new samples, and dreams.

        The first samples determine the range of values (:mod:`memnet.persistent.value_range`).

        Args:
            inputs: New samples.
            labels: Their classes.

        Raises:
            ValueError: If a sample has another shape, or values that are not finite.
        """
        if inputs.shape[1:] != self.shape:
            raise ValueError(
                f"samples of shape {tuple(inputs.shape[1:])} do not fit a memory of samples of "
                f"shape {tuple(self.shape)}"
            )
        self.values.learn(inputs)
        new = torch.bincount(labels, minlength=self.classes) / len(labels)
        dreamt = torch.bincount(self.bank.target[self.bank.settled].long(), minlength=self.classes)
        share = self.config.dreams / (1 + self.config.dreams) if bool(dreamt.any()) else 0.0
        mixed = (1 - share) * new + share * dreamt / dreamt.sum().clamp_min(1)
        self.log_prior = mixed.clamp_min(ABSENT).log().to(self.log_prior)

    @torch.no_grad()
    def dream(self, slots: Int[Tensor, "n"]) -> Dreams:
        """Decode rehearsed slots with the decoder of the last sleep."""
        bank = self.bank
        codes = dithered(
            unpack(bank.codes[slots], self.config.bits), self.config.bits, self.generator
        )
        return Dreams(codes=codes, inputs=self._dreamt(codes), labels=bank.target[slots].long())

    def losses(
        self,
        codes: Float[Tensor, "B E"],
        inputs: Float[Tensor, "B ..."],
        labels: Int[Tensor, "B"],
        anchors: Float[Tensor, "n E"] | None = None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Return the unweighted auxiliary losses of a batch whose last ``n`` samples are dreams.

        - reconstruction: the cross-entropy of the decoded code with the sample, per value
        - neighbour: ``−log Σ_j W_ij [label_j = label_i]``, where W reads the batch's other samples
          as slots
        - anchor: ``MSE(code, dreamt code)`` over the dreams

        Args:
            codes: Codes of the batch.
            inputs: The batch.
            labels: Its classes.
            anchors: Original codes of the dreams.
        """
        losses = {
            "reconstruction": self._reconstruction(codes, inputs),
            "neighbour": neighbour_loss(codes, labels, self.log_temperature.exp(), self.log_prior),
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
    def meet(self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]) -> Change:
        """Offer new samples to the slots, which are divided equally among the classes seen.

        Within a class every sample seen so far is stored with the same probability. Its code is
        final after the next :meth:`sleep`.

        Args:
            inputs: New samples.
            labels: Their classes.
        """
        bank = self.bank
        seen = bank.seen.tolist()
        bank = replace(
            bank,
            clock=bank.clock + len(labels),
            seen=bank.seen + torch.bincount(labels, minlength=self.classes).to(bank.seen),
        )
        share = len(bank.links) // int((bank.seen > 0).sum())
        given_up, chosen = [], []
        for label in torch.nonzero(bank.seen).flatten().tolist():
            stored = torch.nonzero(bank.occupied & (bank.target == label)).flatten()
            offered = torch.nonzero(labels == label).flatten()
            taken = offer(seen[label], len(offered), share, self.generator).to(labels.device)
            leaves = torch.ones_like(stored, dtype=torch.bool)
            leaves[:share] = taken[: len(stored)] >= 0
            given_up.append(stored[leaves])
            chosen.append(offered[taken[taken >= 0]])
        gone, new = torch.cat(given_up), torch.cat(chosen)
        gone_strengths, bank = bank.links[gone], erase(bank, gone)
        free = torch.nonzero(~bank.occupied).flatten()[: len(new)]
        self.bank = write(bank, free, self._codes(inputs[new]), labels[new], self.config.bits)
        if self.trace is not None:
            clock = int(bank.clock)
            self.trace.record_samples(
                gone,
                gone_strengths,
                free,
                self.bank.links[free],
                new,
                labels[new],
                slots=len(bank.links),
                offered=len(labels),
                clock=clock,
            )
        return Change(given_up=gone, taken=free)

    @torch.no_grad()
    def sleep(self) -> None:
        """Consolidate.

        Rehearsed slots are encoded again, and from here on all slots are decoded with the current
        hallucination head.

        Each dream links its sample and its label once more.
        """
        bank, bits = self.bank, self.config.bits
        for slots in torch.nonzero(bank.settled).flatten().split(ENCODE_BATCH):
            bank = recode(
                bank, slots, self._codes(self._dreamt(unpack(bank.codes[slots], bits))), bits
            )
        full = torch.nonzero(bank.occupied).flatten()
        dreamt = torch.nonzero(bank.settled).flatten()
        self.bank = link(bank, full, bank.target[full].long())
        if self.trace is not None:
            self.trace.slept(dreamt, self.bank.links[dreamt], int(bank.clock))
        if self.dreamer is not None:
            self.dreamer.load_state_dict(self.hallucination.state_dict())

    def forget(
        self,
        inputs: Float[Tensor, "M ..."],
        labels: Int[Tensor, "M"],
        rebuilding: Rebuilding | None = None,
    ) -> int:
        """Forget items on request: slots, edges, counts, and weights; see `forgetting`.

        Afterwards a read, a dream, the hallucination head and the head depend on the items only
        through the encoder, and with ``Rebuilding(encoder=True)`` not even through it. Discard the
        memory's optimizers.

        Args:
            inputs: Items, as they were given to :meth:`meet`.
            labels: Their classes.
            rebuilding: Options of the training on the remaining slots.

        Returns:
            The number of erased slots.

        Raises:
            ValueError: If the memory has no decoder, or no slot would remain.
        """
        return forget(self, inputs, labels, rebuilding or Rebuilding())

    def codes_of(self, inputs: Float[Tensor, "M ..."]) -> Float[Tensor, "M E"]:
        """Return the codes of any number of samples, as :meth:`meet` stores them."""
        return self._codes(inputs)

    @torch.no_grad()
    def replace_codes(self, slots: Int[Tensor, "n"], inputs: Float[Tensor, "n ..."]) -> None:
        """Encode samples again into their slots."""
        self.bank = recode(self.bank, slots, self._codes(inputs), self.config.bits)

    def _reconstruction(
        self, codes: Float[Tensor, "B E"], inputs: Float[Tensor, "B ..."]
    ) -> Float[Tensor, ""]:
        return functional.binary_cross_entropy_with_logits(
            self.hallucination(codes), self.values.scaled(inputs.flatten(1)).clamp(0, 1)
        )

    def _dreamt(self, codes: Float[Tensor, "n E"]) -> Float[Tensor, "n ..."]:
        assert self.dreamer is not None, "a memory built with dreams=False cannot decode"
        decoded = self.values.restored(self.dreamer(codes).sigmoid())
        return decoded.reshape(-1, *self.shape)

    def _codes(self, inputs: Float[Tensor, "M ..."]) -> Float[Tensor, "M E"]:
        """Encode many samples without noise, in pieces that fit in memory."""
        mode = self.training
        self.eval()
        codes = (
            [self.encode(piece) for piece in inputs.split(ENCODE_BATCH)]
            if len(inputs)
            else [inputs.new_zeros(0, self.config.code)]
        )
        self.train(mode)
        return torch.cat(codes)
