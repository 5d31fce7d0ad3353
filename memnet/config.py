"""Options of MemNet. This module does not import torch, since a plan is made from the defaults."""

from dataclasses import dataclass
from typing import Literal

MAX_SLOTS = 2**15 - 1
"""Largest number of slots: the target of a link is stored in two bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemNetConfig:
    """Options of :class:`memnet.model.MemNet`.

    Defaults are literals, so that they can be read without running the file.

    Attributes:
        width: Width D of the embedding and the controller.
        window: How many earlier tokens the controller attends to.
        controller_heads: Attention heads of the controller.
        bottleneck: Width Z of the codes offered for writing.
        heads: Memory heads H, each with its own slots.
        slots: Largest number of slots N per head; slots are created when needed.
        key_width: Width K of a key.
        key_taps: Taps of the short causal convolution in keys, contents and queries; with two or
            more, one slot holds a pair.
        chunk: Tokens C processed in parallel. A speed setting: reads, writes and outputs are the
            same for any value if nothing is evicted within a chunk, no slot has more than
            ``degree`` links and no two slots have exactly equal scores. In training, the
            utilization term measures the use within a chunk, and a closed gate learns only from the
            reads of its own chunk; gradients are the same if all gates are open.
        top_k: Slots that the TopK policy reads.
        reuse: Cosine above which two keys are the same, so that the slot is written again.
        fade: Cosine from which a new key weakens older entries, up to their replacement at
            ``reuse``; at ``reuse`` or above, it weakens none.
        usage_weight: Weight of past reads in a slot's retention.
        age_weight: Weight of the time since a slot was written in its retention.
        retention: ``fixed`` or ``learned``, by soft eviction in training (`memnet.retention`); the
            two weights are the initial values of a learned retention.
        hops: Steps of spreading activation; more than one are mixed by a learned gate.
        sharpening: Exponent on the spread activation; 1 for no sharpening.
        degree: Links L that a slot keeps between chunks, the strongest ones.
        link_rate: Rate η of the STDP rule.
        link_decay: Share δ of every link that is lost at each link event; dreams bound the links
            without it.
        dream_every: Tokens between dreams.
        dream_links: Strongest missing links of Â² that one dream adds, per head of a memory.
        dream_rate: Weight of a link found in a dream.
        link_total: Largest sum of a slot's links after a dream; a larger sum is scaled down.
        merge: Cosine above which a dream merges two slots.
        prune: Share of its row below which a dream drops a link.
        init: *mimetic*: keys start on the previous token, queries equal to keys, the read-out as
            the transpose of the way in, and each controller head on one distance. *plain*: none
            of these, a control for what the initial values contribute.
        hebbian: Switch of the graph.
        dreaming: Switch of the synthesizer.
        meta_policy: Switch of the learned mix of reading policies; if off, only TopK reads.
        hallucination: Switch of the reconstruction head.
        surprise: Switch of the prediction of inputs, whose error opens the tape's recording gate;
            no effect without ``serial``.
        serial: Switch of the tape, which is read in the order of its recordings; it holds as many
            recordings as a head has slots.
        hallucination_weight: λ1, of the errors of reconstruction and of prediction.
        utilization_weight: λ2.
        sparsity_weight: λ3, once the smoothed task loss is low.
        sparsity_onset: Share of the guessing loss below which λ3 is above zero.
        sparsity_tolerance: Share of the guessing loss by which the task loss may exceed its best
            before the penalty on writing is suspended.
    """

    width: int = 64
    window: int = 16
    controller_heads: int = 8
    bottleneck: int = 64
    heads: int = 2
    slots: int = 160
    key_width: int = 32
    key_taps: int = 3
    chunk: int = 64
    top_k: int = 8
    reuse: float = 0.95
    fade: float = 0.9
    usage_weight: float = 0.5
    age_weight: float = 0.1
    retention: str = "fixed"
    hops: int = 2
    sharpening: float = 1.0
    degree: int = 16
    link_rate: float = 0.5
    link_decay: float = 0.0
    dream_every: int = 64
    dream_links: int = 8
    dream_rate: float = 0.1
    link_total: float = 4.0
    merge: float = 0.98
    prune: float = 0.01
    init: Literal["mimetic", "plain"] = "mimetic"
    hebbian: bool = True
    dreaming: bool = True
    meta_policy: bool = True
    hallucination: bool = True
    surprise: bool = True
    serial: bool = True
    hallucination_weight: float = 0.02
    utilization_weight: float = 0.001
    sparsity_weight: float = 0.1
    sparsity_onset: float = 0.5
    sparsity_tolerance: float = 0.01

    @property
    def linked_heads(self) -> int:
        """The last heads, whose slots are linked: those that associate, or a single head."""
        return max(1, self.heads // 2)

    def __post_init__(self) -> None:
        """Check the options."""
        for name in (
            "width",
            "window",
            "controller_heads",
            "bottleneck",
            "heads",
            "slots",
            "key_width",
            "key_taps",
            "chunk",
            "top_k",
            "hops",
            "degree",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)} must be at least 1")
        if self.slots > MAX_SLOTS:
            raise ValueError(f"slots = {self.slots} must be at most {MAX_SLOTS}")
        if self.init not in ("mimetic", "plain"):
            raise ValueError(f"init = {self.init!r} must be 'mimetic' or 'plain'")
        if self.width % self.controller_heads or self.width % self.heads:
            raise ValueError(
                f"width = {self.width} must be a multiple of controller_heads = "
                f"{self.controller_heads} and heads = {self.heads}"
            )
        if self.retention not in ("fixed", "learned"):
            raise ValueError(f"retention = {self.retention} must be fixed or learned")
        if self.dream_every < 1:
            raise ValueError(
                f"dream_every = {self.dream_every} must be at least 1; to switch dreams off, use "
                "dreaming=false"
            )
        for name in (
            "reuse",
            "fade",
            "link_decay",
            "merge",
            "prune",
            "sparsity_onset",
            "sparsity_tolerance",
        ):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} = {getattr(self, name)} must be in [0, 1]")
        for name in (
            "link_rate",
            "dream_links",
            "dream_rate",
            "hallucination_weight",
            "utilization_weight",
            "sparsity_weight",
        ):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} = {getattr(self, name)} must not be negative")
        for name in ("link_total", "sharpening"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)} must be above 0")
