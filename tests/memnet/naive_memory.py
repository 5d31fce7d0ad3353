"""A second implementation of MemNet's memory.

Plain loops over tokens, heads and slots, for one sequence, without chunks or dreams.

Encoder, controller, bottleneck and output head are those of the model; everything between them is
computed from the parameters.

Legend: ``T`` tokens, ``D`` width, ``Z`` bottleneck, ``K`` key width, ``V`` value width.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from memnet.config import MemNetConfig
from memnet.graph import NEGLIGIBLE
from memnet.model import MemNet


@dataclass(eq=False)
class NaiveSlot:
    """One slot, with its outgoing links."""

    key: Tensor
    value: Tensor
    strength: float
    birth: int
    written: int
    usage: float = 0.0
    trace: float = 0.0
    links: dict["NaiveSlot", float] = field(default_factory=dict)


@dataclass
class NaiveHead:
    """One head: its slots by place, its clock, and its numbers of evicted and reused slots."""

    slots: list[NaiveSlot] = field(default_factory=list)
    count: int = 0
    evictions: int = 0
    reuses: int = 0


@dataclass
class NaiveTape:
    """Recordings (place, strength, content), the place of the next one, and the reading head.

    The alarm is that of the present input.
    """

    recordings: list[tuple[float, float, Tensor]] = field(default_factory=list)
    end: float = 0.0
    head: float = 0.0
    alarm: float = 0.0


@dataclass
class Vectors:
    """Vectors of one head for one token."""

    key: Tensor
    query: Tensor
    value: Tensor
    gate: float
    hold: float


def run(model: MemNet, row: Tensor, draws: Tensor | None = None) -> tuple[Tensor, list[NaiveHead]]:
    """Read one sequence of tokens ``[T]``; return its logits ``[T, V]`` and the memory after it.

    ``draws`` are the uniform numbers of the Random policy ``[T, H]``, or None for its expectation.
    """
    config = model.config
    encoded = model.encoder(row[None])
    hidden, _ = model.controller(encoded, encoded.new_zeros(1, config.window, config.width), 0)
    codes, bare = model.bottleneck(hidden)[0], model.bottleneck(encoded)[0]
    heads, tape = [NaiveHead() for _ in range(config.heads)], NaiveTape()
    fused, last = [], torch.zeros_like(encoded[0, 0])
    for t in range(len(row)):
        clocks = torch.cat([clock_code(head.count) for head in heads])
        found = []
        for h, head in enumerate(heads):
            vectors = vectors_of(model, h, hidden[0], codes, bare, t, clocks, len(head.slots))
            linkable = has_links(config, h)
            newcomer = write(model, head, vectors, t, linkable=linkable)
            weights = read(
                model, h, head, hidden[0, t], vectors, None if draws is None else float(draws[t, h])
            )
            for slot, weight in weights.items():
                slot.usage += weight
            found.append(
                sum(
                    (weight * slot.value for slot, weight in weights.items()),
                    start=torch.zeros_like(vectors.value),
                )
            )
            if newcomer is not None:
                settle(model, head, newcomer, t)
            for slot in head.slots:
                forget_weak_links(slot, config.degree)
        tape.alarm, last = alarm_of(model, last, int(row[t])), encoded[0, t]
        fused.append(
            fuse(model, hidden[0, t], recall(model, tape, hidden[0, t], bare[t], torch.cat(found)))
        )
    logits: Tensor = model.head(torch.stack(fused)[None])[0]
    return logits, heads


def clock_code(count: int) -> Tensor:
    """Sines, then cosines, of the count at rates 1, 1/4, 1/16, 1/64."""
    angles = [count / 4**power for power in range(4)]
    return torch.tensor(
        [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles],
        dtype=torch.float64,
    )


def vectors_of(
    model: MemNet,
    h: int,
    hidden: Tensor,
    codes: Tensor,
    bare: Tensor,
    t: int,
    clocks: Tensor,
    held: int,
) -> Vectors:
    """Key, query, value, gate and hold of head ``h`` at token ``t``."""
    write_heads, read_heads, config = model.bank.write_heads, model.bank.read_heads, model.config
    binding = math.ceil(config.heads / 2)
    if h < binding:
        key = (
            tapped(write_heads.key.weight[h], write_heads.key.project[h], codes, t)
            + clocks @ write_heads.key_clock[h]
        )
        query = (
            tapped(read_heads.query.weight[h], read_heads.query.project[h], codes, t)
            + clocks @ read_heads.query_clock[h]
        )
    else:
        assert write_heads.identity is not None
        assert read_heads.identity is not None
        rows = slice((h - binding) * config.key_width, (h - binding + 1) * config.key_width)
        key, query = (
            write_heads.identity.weight[rows] @ bare[t],
            read_heads.identity.weight[rows] @ bare[t],
        )
    width = config.width // config.heads
    occupancy = min(held / config.slots, 1.0)
    logit = write_heads.gate.weight[h] @ hidden[t] + write_heads.gate.bias[h]
    logit = (
        logit
        + clocks @ write_heads.gate_clock[h, :, 0]
        + occupancy * write_heads.gate_occupancy[h, 0]
    )
    logit = logit + (8.0 * write_heads.gate_full[h, 0] if held >= config.slots else 0.0)
    link = sigmoid(
        float(write_heads.link_gate.weight[h] @ hidden[t] + write_heads.link_gate.bias[h])
    )
    return Vectors(
        key=key / key.norm(),
        query=query / query.norm(),
        value=tapped(
            torch.cat([torch.ones(1, codes.shape[1]), write_heads.value_taps[:, h]]),
            write_heads.value.weight[h * width : (h + 1) * width],
            codes,
            t,
        ),
        gate=min(1.0, max(0.0, 1.2 * sigmoid(float(logit)) - 0.1)),
        hold=sigmoid(float(write_heads.trace[h])) * link,
    )


def tapped(weight: Tensor, project: Tensor, codes: Tensor, t: int) -> Tensor:
    """``P·Σ_τ c_τ ⊙ z_{t−τ}``, with nothing before the first token."""
    mixed = torch.zeros_like(codes[0])
    for tap in range(min(len(weight), t + 1)):
        mixed = mixed + weight[tap] * codes[t - tap]
    return project @ mixed


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def write(
    model: MemNet, head: NaiveHead, vectors: Vectors, t: int, *, linkable: bool
) -> NaiveSlot | None:
    """Write if the gate is open, link from the earlier writes, and update the trace.

    Return the slot if it is a new one.
    """
    config, gate, newcomer, target = model.config, vectors.gate, None, None
    if gate > 0:
        near = [slot for slot in head.slots if float(slot.key @ vectors.key) >= config.reuse]
        if near:
            target = max(near, key=lambda slot: slot.written)
        for slot in head.slots:
            if slot is not target and config.fade < config.reuse:
                above = float(slot.key @ vectors.key) - config.fade
                overlap = min(1.0, max(0.0, above / (config.reuse - config.fade))) ** 2
                slot.strength *= max(1.0 - gate * overlap, 0.01)
        if target is not None:
            target.key, target.value, target.strength, target.written = (
                vectors.key,
                gate * vectors.value,
                gate,
                t,
            )
            head.reuses += 1
        else:
            target = newcomer = NaiveSlot(vectors.key, gate * vectors.value, gate, t, t)
            head.slots.append(newcomer)
        head.count += 1
        for slot in head.slots if linkable else ():
            for other in slot.links:
                slot.links[other] *= 1.0 - config.link_decay
            if slot is not target and slot.trace > 0:
                slot.links[target] = (
                    slot.links.get(target, 0.0) + config.link_rate * slot.trace * gate
                )
    for slot in head.slots:
        slot.trace = vectors.hold * slot.trace + (gate if slot is target else 0.0)
    return newcomer


def forget_weak_links(slot: NaiveSlot, degree: int) -> None:
    """Keep the ``degree`` strongest links, as at the end of a chunk of one token."""
    kept = sorted(slot.links, key=slot.links.__getitem__, reverse=True)[:degree]
    slot.links = {target: slot.links[target] for target in kept}


def settle(model: MemNet, head: NaiveHead, newcomer: NaiveSlot, t: int) -> None:
    """Evict the slot of lowest retention, with its links, if there are too many slots.

    The new slot takes its place.
    """
    config = model.config
    if len(head.slots) <= config.slots:
        return
    head.slots.remove(newcomer)

    def retention(slot: NaiveSlot) -> float:
        retention = math.log(max(slot.strength, 0.01)) + config.usage_weight * math.log1p(
            slot.usage
        )
        return retention - config.age_weight * math.log1p(t - slot.written)

    victim = min(head.slots, key=retention)
    head.slots[head.slots.index(victim)] = newcomer
    for slot in head.slots:
        slot.links.pop(victim, None)
    head.evictions += 1


def read(
    model: MemNet, h: int, head: NaiveHead, hidden: Tensor, vectors: Vectors, draw: float | None
) -> dict[NaiveSlot, float]:
    """Weight of each slot in the final read."""
    temperature = math.exp(float(model.bank.read_heads.log_temperature[h]))
    scores = {slot: temperature * float(slot.key @ vectors.query) for slot in head.slots}
    ranked = sorted(
        head.slots, key=lambda slot: scores[slot] + math.log(slot.strength), reverse=True
    )[: model.config.top_k]
    exponentials = {slot: slot.strength * math.exp(scores[slot]) for slot in ranked}
    best = {slot: value / sum(exponentials.values()) for slot, value in exponentials.items()}
    weights = mix_policies(model, h, head, hidden, scores, best, draw)
    return spread(model, h, head, hidden, weights)


def mix_policies(
    model: MemNet,
    h: int,
    head: NaiveHead,
    hidden: Tensor,
    scores: dict[NaiveSlot, float],
    best: dict[NaiveSlot, float],
    draw: float | None,
) -> dict[NaiveSlot, float]:
    """``π1·TopK + π2·Uniform + π3·Random``, over all slots."""
    policy = model.bank.policy
    if policy is None:
        return {slot: best.get(slot, 0.0) for slot in head.slots}
    if not head.slots:
        return {}
    match = max(scores[slot] for slot in best)
    entropy = -sum(weight * math.log(weight) for weight in best.values())
    logits = policy.gate.weight[3 * h : 3 * h + 3] @ hidden + policy.gate.bias[3 * h : 3 * h + 3]
    pi = (
        (logits + match * policy.uncertainty[h, 0] + entropy * policy.uncertainty[h, 1])
        .softmax(0)
        .tolist()
    )
    even = 1.0 / len(head.slots)
    weights = {slot: pi[0] * best.get(slot, 0.0) + pi[1] * even for slot in head.slots}
    if draw is None:
        return {slot: weight + pi[2] * even for slot, weight in weights.items()}
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    drawn = min(head.slots, key=lambda slot: (slot.written * golden % 1.0 - draw) % 1.0)
    weights[drawn] += pi[2]
    return weights


def spread(
    model: MemNet, h: int, head: NaiveHead, hidden: Tensor, weights: dict[NaiveSlot, float]
) -> dict[NaiveSlot, float]:
    """Spread along the links, and mix all hops with the hop gate.

    ``W_k = (1 − α)·W_{k−1} + α·W_{k−1}·Â`` for every hop.
    """
    bank, hops = model.bank, model.config.hops
    if bank.spread_logit is None or not has_links(model.config, h):
        return weights
    h -= first_linked(model.config)
    alpha = sigmoid(float(bank.spread_logit[h, 0, 0]))
    steps = [weights]
    for _ in range(hops):
        gone, stayed = dict.fromkeys(head.slots, 0.0), dict.fromkeys(head.slots, 0.0)
        for slot in head.slots:
            for target, share in shares(slot):
                gone[target] += steps[-1][slot] * share
            if not linked(slot):
                stayed[slot] = steps[-1][slot]
        gone = sharpened(gone, model.config.sharpening)
        steps.append(
            {
                slot: (1.0 - alpha) * steps[-1][slot] + alpha * (gone[slot] + stayed[slot])
                for slot in head.slots
            }
        )
    if bank.hop_gate is None:
        return steps[-1]
    rows = slice(h * (hops + 1), (h + 1) * (hops + 1))
    mix = (bank.hop_gate.weight[rows] @ hidden + bank.hop_gate.bias[rows]).softmax(0).tolist()
    return {
        slot: sum(part * step[slot] for part, step in zip(mix, steps, strict=True))
        for slot in head.slots
    }


def first_linked(config: MemNetConfig) -> int:
    """Heads after the binding ones are linked; a single head is linked."""
    return math.ceil(config.heads / 2) if config.heads > 1 else 0


def has_links(config: MemNetConfig, h: int) -> bool:
    """Whether the slots of head ``h`` are linked."""
    return h >= first_linked(config)


def linked(slot: NaiveSlot) -> bool:
    """Whether a slot has links; without links its activation does not spread."""
    return sum(slot.links.values()) > NEGLIGIBLE


def shares(slot: NaiveSlot) -> Iterator[tuple[NaiveSlot, float]]:
    """Targets of a slot's activation: its links in proportion."""
    total = sum(slot.links.values())
    for target, weight in slot.links.items():
        if linked(slot):
            yield target, weight / total


def sharpened(gone: dict[NaiveSlot, float], exponent: float) -> dict[NaiveSlot, float]:
    """The spread activation to the power of ``exponent``, renormalised to the same total."""
    raised = {
        slot: weight**exponent if weight > NEGLIGIBLE else 0.0 for slot, weight in gone.items()
    }
    total = max(sum(raised.values()), NEGLIGIBLE)
    return {slot: weight * sum(gone.values()) / total for slot, weight in raised.items()}


def recall(model: MemNet, tape: NaiveTape, hidden: Tensor, code: Tensor, slots: Tensor) -> Tensor:
    """Record and read on; return the sum of the tape's and the slots' read vectors."""
    if model.serial is None:
        return slots
    scale = 2.0 / math.sqrt(len(hidden))
    logits = (scale * model.serial.gates.weight @ hidden + model.serial.gates.bias).tolist()
    logits[0] += tape.alarm
    doubt = float(model.serial.unsure / model.serial.moved)
    exact = not model.training and doubt < 0.4
    write, advance = (counts(logit, soft=not exact) for logit in logits)
    position = tape.head
    tape.head = (1.0 - write) * tape.head + advance
    if write > 0:
        tape.recordings.append(
            (tape.end, write, write * (model.bank.write_heads.value.weight @ code))
        )
    tape.end += write
    temperature = min(
        100.0,
        14.0 * math.exp(5.0 * max(0.0, 1.0 - doubt / 0.2) * float(model.serial.log_temperature)),
    )
    shares_ = [
        strength * math.exp(temperature * (likeness(position, place) - 1.0))
        for place, strength, _ in tape.recordings
    ]
    found = torch.zeros_like(slots)
    for share, (_, _, content) in zip(shares_, tape.recordings, strict=True):
        found = found + share / sum(shares_) * content
    if model.training:
        earliest = tape.end - model.config.slots - 1e-3
        tape.recordings = [one for one in tape.recordings if one[0] >= earliest]
    else:
        tape.recordings = tape.recordings[-model.config.slots :]
    return slots + found


def alarm_of(model: MemNet, before: Tensor, token: int) -> float:
    """What the surprise of a token adds to the logit of recording."""
    if model.surprise is None:
        return 0.0
    layer = model.surprise.predict
    scores = [math.exp(score) for score in (layer.weight @ before + layer.bias).tolist()]
    error = -math.log(scores[token] / sum(scores))
    surprise = math.tanh(2.0 * math.log(error / float(model.surprise.average)))
    return float(model.surprise.alertness) * surprise


def counts(logit: float, *, soft: bool) -> float:
    """Places that a gate counts."""
    gate = min(1.0, max(0.0, 1.2 * sigmoid(logit) - 0.1))
    return gate if soft else float(gate > 0.5)


def likeness(place: float, other: float) -> float:
    """``cos`` of two places' codes.

    It is the mean cosine of their distance at sixteen rates: 1, 2^−½, 2^−1 and so on.
    """
    return sum(math.cos((place - other) * 2.0 ** (-0.5 * power)) for power in range(16)) / 16


def fuse(model: MemNet, hidden: Tensor, found: Tensor) -> Tensor:
    """``(1 − f) ⊙ h + f ⊙ R·r`` with f from both."""
    brought = model.fusion.read.weight @ found
    gate = torch.sigmoid(
        model.fusion.gate.weight @ torch.cat([hidden, brought]) + model.fusion.gate.bias
    )
    return (1.0 - gate) * hidden + gate * brought
