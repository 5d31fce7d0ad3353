"""SerialRecall: stored tokens are read again in their order, at any distance.

A tape: one gate records a token, at the end of the tape; another gate moves the reading head on by
one place; recording rewinds the head. So after any pause the first recording is read first, then
the second. It is the queue of Grefenstette et al. 2015 ("Learning to Transduce with Unbounded
Memory"), addressed by counted position as in Golovneva et al. 2024 ("Contextual Position
Encoding"), and the serial recall of psychology.

Legend: ``B`` memories, ``C`` tokens in the chunk, ``M`` recordings, ``E = M + C`` entries, ``D``
width, ``V`` value width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from memnet import clock
from memnet.heads import open_gate
from memnet.policy import MIN_STRENGTH

INITIAL_GATE_LOGITS = (0.0, -1.0)
"""Initial logits of recording and of reading on: half a place and a fifth of a place per token."""
INITIAL_TEMPERATURE, MAX_TEMPERATURE = 14.0, 100.0
"""Initial and largest temperature.

At the initial temperature, neighbouring places are read too, so that gradients push counts to whole
steps. From 11.8 on, a place has more weight than its two neighbours together, so a blurred read is
still correct.
"""
RATE_FACTOR = 5.0
"""Factor on the learning rate of the logarithm of the temperature."""

MAX_DOUBT_WHOLE, MAX_DOUBT_DECIDED = 0.2, 0.4
"""Thresholds of the doubt.

Below the first threshold, the temperature is learned; this holds the doubt near the threshold.
Below the second, the gates are decided.
"""
DOUBT_DECAY = 0.999
"""Decay of the doubt's running average, per token of training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """The recordings, and the position of the reading head.

    Attributes:
        values: Contents.
        place: Place of each recording: the sum of the recording gates before it.
        strength: Gate with which it was recorded; 0 if there is none.
        end: Place of the next recording.
        head: Place at which the next token reads.
    """

    values: Float[Tensor, "B M V"]
    place: Float[Tensor, "B M"]
    strength: Float[Tensor, "B M"]
    end: Float[Tensor, " B"]
    head: Float[Tensor, " B"]

    @classmethod
    def empty(cls, batch: int, width: int, like: Tensor) -> "Tape":
        """Return an empty tape for each memory, on the device and in the type of ``like``."""
        none = like.new_zeros(batch, 0)
        return cls(
            values=like.new_zeros(batch, 0, width),
            place=none,
            strength=none,
            end=like.new_zeros(batch),
            head=like.new_zeros(batch),
        )

    def last(self, count: int) -> "Tape":
        """Return the tape with its latest ``count`` recordings."""
        held = self.strength > 0
        count = min(count, int(held.sum(-1).max())) if self.strength.shape[-1] else 0
        latest = self.place.masked_fill(~held, -1.0).topk(count, dim=-1).indices
        return Tape(
            values=self.values.gather(
                1, latest.unsqueeze(-1).expand(-1, -1, self.values.shape[-1])
            ),
            place=self.place.gather(-1, latest),
            strength=self.strength.gather(-1, latest),
            end=self.end,
            head=self.head,
        )


def parts(tape: Tape | None) -> dict[str, Tensor]:
    """Return a tape's tensors by name; none if there is no tape."""
    return {} if tape is None else {name: getattr(tape, name) for name in tape.__dataclass_fields__}


class SerialRecall(nn.Module):
    """A tape with a gate for recording and a gate for reading on.

        w_t = open(W·h_t),  a_t = open(A·h_t)      (clamped gates: exactly 0 and 1 at their ends)
        place of recording t = Σ_{s<t} w_s
        head_t = (1 − w_t)·head_{t−1} + a_t        (recording rewinds)
        score_s = temperature·cos(code(head_{t−1}), code(place_s)) + log w_s
        read_t = Σ_s softmax(score)_s · w_s·v_s,  s ≤ t

    If both counters move in whole steps, counting is exact, even after a million tokens. In
    evaluation, if the gates are decided, a gate above one half therefore counts as one and any
    other gate as zero. The doubt measures how far the gates are from whole steps: it is
    ``Σ 4·g·(1 − g) / Σ g`` over the latest tokens of training, the number of half steps per step.
    The temperature is learned, since a task may need one recording or several at once. If it were
    learned from the first step, half steps would be as good as whole ones. So it has its initial
    value until the doubt is small: the initial blur allows correct reads only with whole steps. It
    is the same in training and in evaluation.

    Args:
        width: D of the controller's state.
        recordings: Largest number of recordings; the earliest are dropped.
        training_recordings: The same in training, if that is more.
    """

    unsure: Tensor
    moved: Tensor

    def __init__(self, width: int, recordings: int, training_recordings: int) -> None:
        super().__init__()
        self.register_buffer("unsure", torch.ones(()))
        self.register_buffer("moved", torch.ones(()))
        self.max_recordings = recordings
        self.max_training_recordings = max(recordings, training_recordings)
        self.gates = nn.Linear(width, 2)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.gates.weight)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor(INITIAL_GATE_LOGITS))

    def forward(
        self, hidden: Float[Tensor, "B C D"], values: Float[Tensor, "B C V"], tape: Tape
    ) -> tuple[Float[Tensor, "B C V"], Tape, Float[Tensor, "B C 2"]]:
        """Record and read a chunk.

        Args:
            hidden: The controller's state.
            values: Contents to record.
            tape: The tape before the chunk.

        Returns:
            Vectors read, the tape after the chunk, and the logits of the two gates.
        """
        logits = self.gates(hidden)
        gates = open_gate(logits)
        if self.training:
            self._follow(gates.detach())
        write, advance = ((gates > 0.5).to(gates.dtype) if self.exact() else gates).unbind(-1)
        head = _heads(tape.head, write, advance)
        after = Tape(
            values=torch.cat([tape.values, write.unsqueeze(-1) * values], dim=1),
            place=torch.cat([tape.place, clock.before(tape.end, write)], dim=-1),
            strength=torch.cat([tape.strength, write], dim=-1),
            end=tape.end + write.sum(-1),
            head=head[:, -1],
        )
        return (
            self._read(head[:, :-1], after),
            after.last(self.max_training_recordings if self.training else self.max_recordings),
            logits,
        )

    @property
    def temperature(self) -> Float[Tensor, ""]:
        """Temperature of the comparison of places; its initial value as long as there is doubt."""
        whole = max(0.0, 1.0 - self.doubt / MAX_DOUBT_WHOLE)
        return (INITIAL_TEMPERATURE * (RATE_FACTOR * whole * self.log_temperature).exp()).clamp_max(
            MAX_TEMPERATURE
        )

    @property
    def doubt(self) -> float:
        """Half steps per step, over the latest tokens of training.

        0 if all gates are at their ends.
        """
        return float(self.unsure / self.moved.clamp_min(MIN_STRENGTH))

    def exact(self) -> bool:
        """Whether steps are counted as whole ones: in evaluation, if the gates are decided."""
        return not self.training and self.doubt < MAX_DOUBT_DECIDED

    def _follow(self, gates: Float[Tensor, "B C 2"]) -> None:
        """Update the running sums of half steps and of steps."""
        for total, now in ((self.unsure, 4.0 * gates * (1.0 - gates)), (self.moved, gates)):
            total.lerp_(now.mean().to(total.dtype), 1.0 - DOUBT_DECAY ** gates.shape[1])

    def _read(self, position: Float[Tensor, "B C"], tape: Tape) -> Float[Tensor, "B C V"]:
        entries, count = tape.place.shape[-1], position.shape[-1]
        scores = (
            self.temperature
            * clock.fine_code(position)
            @ clock.fine_code(tape.place).transpose(-1, -2)
        )
        later = torch.ones(count, entries, dtype=torch.bool, device=scores.device).triu(
            entries - count + 1
        )
        hidden = later | (tape.strength <= 0).unsqueeze(1)
        weights = (scores + tape.strength.clamp_min(MIN_STRENGTH).log().unsqueeze(1)).masked_fill(
            hidden, -math.inf
        )
        visible = ~hidden.all(-1, keepdim=True)
        return weights.masked_fill(~visible, 0.0).softmax(-1) * visible @ tape.values


def _heads(
    start: Float[Tensor, " B"], write: Float[Tensor, "B C"], advance: Float[Tensor, "B C"]
) -> Float[Tensor, "B C+1"]:
    """Return the head before each token and after the last.

    ``head_t = (1 − w_t)·head_{t−1} + a_t``
    """
    heads = [start]
    for stay, step in zip((1.0 - write).unbind(-1), advance.unbind(-1), strict=True):
        heads.append(torch.addcmul(step, stay, heads[-1]))
    return torch.stack(heads, dim=-1)
