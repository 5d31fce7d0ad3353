"""The persistent world of MemNet: a memory over samples that survives tasks, and dreams of them.

A trunk reads a sample; a bottleneck makes it a code; the hallucination head decodes a code into the
sample again. Slots keep codes of some of the samples met, in few bits, each linked to its label.
While new samples are learnt, slots are decoded: these dreams, with the labels that the graph
associates with them, are rehearsed among the new samples (imaginative replay; compare Shin et al.
2017, *Continual learning with deep generative replay*, whose generator holds the past in its
weights where here the slots hold it). In a sleep all that was dreamt is encoded anew, so codes do
not go stale as the encoder moves. The answer is read from the slots and fused with the head's.

Legend: ``B`` batch, ``D`` width of the trunk, ``E`` width of a code, ``K`` classes, ``N`` slots,
``M`` samples met, ``n`` dreams; ``...`` is the shape of a sample.
"""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.bottleneck import UnitBottleneck
from memnet.hallucination import SampleHallucination
from memnet.persistent.bank import (
    PersistentBank,
    cosine,
    empty_bank,
    erase,
    link,
    read,
    recode,
    spread,
    write,
)
from memnet.persistent.config import PersistentConfig
from memnet.persistent.quantization import dithered, unpack
from memnet.persistent.reservoir import offer
from memnet.trunk import Trunk

PIECE = 512
"""Samples encoded at a time: a speed setting, since each is encoded alone."""

ABSENT = 1e-9
"""Share of a class that is neither new nor dreamt of: so little that its logit is left out of the loss, and finite in logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dreams:
    """Slots, decoded.

    Attributes:
        codes: What was decoded: their codes, anywhere within the step that each was quantised to.
        inputs: What they look like.
        labels: The class that the graph associates with them.
    """

    codes: Float[Tensor, "n E"]
    inputs: Float[Tensor, "n ..."]
    labels: Int[Tensor, "n"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What meeting samples did to the bank.

    Attributes:
        given_up: Slots that lost what they held.
        taken: Slots that hold something new; some of them had been given up.
    """

    given_up: Int[Tensor, "g"]
    taken: Int[Tensor, "c"]


class PersistentMemory(nn.Module):
    """A classifier of samples with a memory that survives tasks.

    A drop-in model: inputs in, logits out.

    Training answers by the head, whose logits a criterion takes. Evaluation answers by the memory
    and the head together, and writes nothing. The bank's tensors are buffers, so that
    ``state_dict`` and safetensors save and load it whole.

    Args:
        trunk: What reads a sample (:func:`memnet.trunk.trunk_of` makes one of any classifier).
        config: Options, fitted to a budget: with a number of slots N and a width of codes E.
        shape: Shape of a sample; values in [0, 1].
        classes: K.
        generator: Source of the noise, and of the choice of what is kept.
        dreams: Whether slots are decoded: only then is there a second decoder, as the first was at
            the last sleep.

    Raises:
        ValueError: If the options are not fitted, or no bank is made for so many classes and such
            codes.
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
    ) -> None:
        super().__init__()
        if config.slots is None or not config.code:
            raise ValueError(
                "a memory needs its number of slots and the width of its codes: PersistentConfig.fitted finds them"
            )
        self.config = config
        self.shape = shape
        self.classes = classes
        self.generator = generator
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
        self.register_buffer("log_prior", torch.zeros(classes))
        for name, tensor in (
            empty_bank(config.slots, config.code, classes, config.bits).tensors().items()
        ):
            self.register_buffer(f"bank_{name}", tensor)

    @property
    def bank(self) -> PersistentBank:
        """The bank as it stands; assigning another replaces it."""
        return PersistentBank.from_tensors(
            {name: getattr(self, f"bank_{name}") for name in PersistentBank.__dataclass_fields__}
        )

    @bank.setter
    def bank(self, bank: PersistentBank) -> None:
        for name, tensor in bank.tensors().items():
            setattr(self, f"bank_{name}", tensor)

    def forward(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """Answer.

        In evaluation ``log(trust · p_memory + (1 − trust) · p_head)``. In training the head's
        logits plus the logarithm of each class's share in what is trained on, so that the head
        itself takes no class to be likelier for being newer (Menon et al. 2021, *Long-tail learning
        via logit adjustment*). While the bank is empty, the head's logits.
        """
        codes = self.encode(inputs)
        logits: Tensor = self.head(codes)
        if self.training:
            return logits + self.log_prior
        if not bool(self.bank.occupied.any()):
            return logits
        trust = self.config.trust
        return (
            (trust * self.recall(codes) + (1 - trust) * logits.softmax(-1)).clamp_min(1e-12).log()
        )

    def encode(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B E"]:
        """Return the codes of samples; with the noise of quantising on them while training."""
        codes: Tensor = self.bottleneck(cast(Trunk, self.trunk).features(inputs), inputs.flatten(1))
        return codes

    def recall(self, codes: Float[Tensor, "B E"]) -> Float[Tensor, "B K"]:
        """Read the slots and let the activation spread to the labels."""
        found = read(
            self.bank, codes, self.log_temperature.exp(), self.config.top_k, self.config.bits
        )
        return spread(self.bank, found, self.classes)

    @torch.no_grad()
    def expect(self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]) -> None:
        """Take note of what will be trained on: new samples, and dreams.

        Args:
            inputs: New samples.
            labels: Their classes.

        Raises:
            ValueError: If a sample is not of the shape, or holds values that can't be decoded.
        """
        if inputs.shape[1:] != self.shape:
            raise ValueError(
                f"samples of shape {tuple(inputs.shape[1:])} do not fit a memory of samples of shape {tuple(self.shape)}"
            )
        if float(inputs.min()) < 0 or float(inputs.max()) > 1:
            raise ValueError(
                f"samples hold values from {float(inputs.min()):g} to {float(inputs.max()):g}: scale them to [0, 1]"
            )
        new = torch.bincount(labels, minlength=self.classes) / len(labels)
        dreamt = torch.bincount(self.bank.target[self.bank.settled].long(), minlength=self.classes)
        share = self.config.dreams / (1 + self.config.dreams) if bool(dreamt.any()) else 0.0
        mixed = (1 - share) * new + share * dreamt / dreamt.sum().clamp_min(1)
        self.log_prior = mixed.clamp_min(ABSENT).log().to(self.log_prior)

    @torch.no_grad()
    def dream(self, slots: Int[Tensor, "n"]) -> Dreams:
        """Decode settled slots, as they were at the last sleep."""
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

        - reconstruction: the cross-entropy of what the code is decoded to with the sample, per
          value
        - neighbour: ``−log Σ_j W_ij [label_j = label_i]``, where W reads the batch's other samples
          as if they were slots
        - anchor: ``MSE(code, dreamt code)`` over the dreams

        Args:
            codes: Codes of the batch.
            inputs: The batch.
            labels: Its classes.
            anchors: The codes that the dreams were decoded from.
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
        """Offer new samples to the slots, which are shared out equally among the classes met so far.

        Within a class every sample met so far is kept with the same chance. What a sample leaves is
        settled by the next :meth:`sleep`.

        Args:
            inputs: New samples.
            labels: Their classes.
        """
        bank = self.bank
        met = bank.seen.tolist()
        bank = replace(
            bank,
            clock=bank.clock + len(labels),
            seen=bank.seen + torch.bincount(labels, minlength=self.classes).to(bank.seen),
        )
        share = len(bank.links) // int((bank.seen > 0).sum())
        given_up, chosen = [], []
        for label in torch.nonzero(bank.seen).flatten().tolist():
            kept = torch.nonzero(bank.occupied & (bank.target == label)).flatten()
            offered = torch.nonzero(labels == label).flatten()
            taken = offer(met[label], len(offered), share, self.generator).to(labels.device)
            leaves = torch.ones_like(kept, dtype=torch.bool)
            leaves[:share] = taken[: len(kept)] >= 0
            given_up.append(kept[leaves])
            chosen.append(offered[taken[taken >= 0]])
        gone, new = torch.cat(given_up), torch.cat(chosen)
        bank = erase(bank, gone)
        free = torch.nonzero(~bank.occupied).flatten()[: len(new)]
        self.bank = write(bank, free, self._codes(inputs[new]), labels[new], self.config.bits)
        return Change(given_up=gone, taken=free)

    @torch.no_grad()
    def sleep(self) -> None:
        """Settle.

        What was dreamt is encoded anew, and from here on all slots are dreamt as the hallucination
        head sees them now.

        Each dream links its sample and its label once more.
        """
        bank, bits = self.bank, self.config.bits
        for slots in torch.nonzero(bank.settled).flatten().split(PIECE):
            bank = recode(
                bank, slots, self._codes(self._dreamt(unpack(bank.codes[slots], bits))), bits
            )
        full = torch.nonzero(bank.occupied).flatten()
        self.bank = link(bank, full, bank.target[full].long())
        if self.dreamer is not None:
            self.dreamer.load_state_dict(self.hallucination.state_dict())

    def _reconstruction(
        self, codes: Float[Tensor, "B E"], inputs: Float[Tensor, "B ..."]
    ) -> Float[Tensor, ""]:
        return functional.binary_cross_entropy_with_logits(
            self.hallucination(codes), inputs.flatten(1)
        )

    def _dreamt(self, codes: Float[Tensor, "n E"]) -> Float[Tensor, "n ..."]:
        assert self.dreamer is not None, "a memory made without dreams decodes nothing"
        decoded: Tensor = self.dreamer(codes).sigmoid()
        return decoded.reshape(-1, *self.shape)

    def _codes(self, inputs: Float[Tensor, "M ..."]) -> Float[Tensor, "M E"]:
        """Encode many samples without noise, in pieces that fit in memory."""
        mode = self.training
        self.eval()
        codes = (
            [self.encode(piece) for piece in inputs.split(PIECE)]
            if len(inputs)
            else [inputs.new_zeros(0, self.config.code)]
        )
        self.train(mode)
        return torch.cat(codes)


def neighbour_loss(
    codes: Float[Tensor, "B E"],
    labels: Int[Tensor, "B"],
    temperature: Float[Tensor, ""],
    log_prior: Float[Tensor, "K"],
) -> Float[Tensor, ""]:
    """Read each sample from the batch's other samples as if they were slots, and score the label that the read gives.

    Neighbourhood components analysis (Goldberger et al. 2004), each neighbour weighed by one over
    its class's share in what is trained on, as slots are shared out equally. Samples alone of their
    class in the batch are left out.
    """
    itself = torch.eye(len(codes), dtype=torch.bool, device=codes.device)
    same: Bool[Tensor, "B B"] = (labels[:, None] == labels[None, :]) & ~itself
    score = temperature * cosine(codes, codes) - log_prior[labels]
    weights = score.masked_fill(itself, -torch.inf).log_softmax(-1)
    scored = same.any(-1)
    if not bool(scored.any()):
        return codes.new_zeros(())
    return -weights[scored].masked_fill(~same[scored], -torch.inf).logsumexp(-1).mean()
