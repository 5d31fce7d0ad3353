"""SerialRecall: stored tokens are read again in their order, at any distance.

A tape: one gate records a token, at the end of the tape; another gate moves the reading head on by
one place; recording rewinds the head. So after any pause the first recording is read first. It is
the queue of Grefenstette et al. 2015 ("Learning to Transduce with Unbounded Memory"), addressed by
counted position as in Golovneva et al. 2024 ("Contextual Position Encoding"), and the serial recall
of psychology.

Legend: ``B`` memories, ``C`` tokens in the chunk, ``M`` recordings, ``E = M + C`` entries, ``D``
width, ``V`` value width.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from memnet import clock
from memnet.attention import attention
from memnet.heads import open_gate
from memnet.reading_policies import INVISIBLE, MIN_STRENGTH

INITIAL_GATE_LOGITS = (0.0, -1.0)
"""Initial logits of recording and of reading on: half a place and a fifth of a place per token."""
GATE_WEIGHT = 2.0
"""Factor on the gates' weights, over the square root of the width D.

Adam moves all weights by about the learning rate, so the logit of a gate with D inputs can move by
D learning rates in a step. Without the factor, gates were closed after 100 steps, before reads
could show which tokens are worth recording.
"""
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

ROUNDING = 1e-3
"""Part of a place by which sums of gates may be off."""
RECORDING_BLOCK = 64
"""Tokens that read at once."""


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

    def last(self, places: int, *, whole: bool) -> "Tape":
        """Return the tape with its latest recordings.

        Half-open gates record every token, half a place each. If recordings were counted, these
        would drop the first contents of a sequence before a gate could learn which ones to keep.
        So in training the limit is on places; it is the same if all recordings are whole.

        Args:
            places: Largest number of places before the end of the tape.
            whole: Whether every recording counts as a whole place, which bounds the tape's size.
        """
        held = self.strength > 0
        if not whole:
            held = held & (self.place >= (self.end - places - ROUNDING).unsqueeze(-1))
        count = int(held.sum(-1).max()) if self.strength.shape[-1] else 0
        count = min(count, places) if whole else count
        latest = self.place.masked_fill(~held, -1.0).topk(count, dim=-1).indices
        return Tape(
            values=self.values.gather(
                1, latest.unsqueeze(-1).expand(-1, -1, self.values.shape[-1])
            ),
            place=self.place.gather(-1, latest),
            strength=self.strength.gather(-1, latest) * held.gather(-1, latest),
            end=self.end,
            head=self.head,
        )


def parts(tape: Tape | None) -> dict[str, Tensor]:
    """Return a tape's tensors by name; none if there is no tape."""
    return {} if tape is None else {name: getattr(tape, name) for name in tape.__dataclass_fields__}


class SerialRecall(nn.Module):
    """A tape with a gate for recording and a gate for reading on.

        w_t = open(W·h_t + alarm_t)                (alarm: `memnet.surprise.Surprise`)
        a_t = open(A·h_t)                          (clamped gates, exactly 0 and 1 at their ends)
        place of recording t = Σ_{s<t} w_s
        head_t = (1 − w_t)·head_{t−1} + a_t        (recording rewinds)
        score_s = temperature·cos(code(head_{t−1}), code(place_s)) + log w_s
        read_t = Σ_s softmax(score)_s · w_s·v_s,  s ≤ t

    W and A are scaled by GATE_WEIGHT/√D. If both counters move in whole steps, counting is exact,
    even after a million tokens. In evaluation, if the gates are decided, a gate above one half
    therefore counts as one and any other gate as zero. The doubt measures how far the gates are
    from whole steps: it is ``Σ 4·g·(1 − g) / Σ g`` over the latest tokens of training, the number
    of half steps per step. The temperature is learned, since a task may need one recording or
    several at once. If it were learned from the first step, half steps would be as good as whole
    ones. So it has its initial value until the doubt is small: the initial blur allows correct
    reads only with whole steps. It is the same in training and in evaluation.

    Args:
        width: D of the controller's state.
        recordings: Largest number of recordings; the earliest are dropped. In training, half
            recordings count as halves (see :meth:`Tape.last`).
    """

    unsure: Tensor
    moved: Tensor

    def __init__(self, width: int, recordings: int) -> None:
        super().__init__()
        self.register_buffer("unsure", torch.ones(()))
        self.register_buffer("moved", torch.ones(()))
        self.max_recordings = recordings
        self.gates = nn.Linear(width, 2)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.gates.weight)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor(INITIAL_GATE_LOGITS))

    def forward(
        self,
        hidden: Float[Tensor, "B T D"],
        values: Float[Tensor, "B T V"],
        tape: Tape,
        chunks: Sequence[int],
        *,
        alarm: Float[Tensor, "B T"] | None = None,
        every: bool = False,
    ) -> tuple[Float[Tensor, "B T V"], list[Tape], Float[Tensor, "B T 2"]]:
        """Record and read.

        Args:
            hidden: The controller's state.
            values: Contents to record.
            tape: The tape before the first token.
            chunks: Numbers of tokens, T in sum. Recordings beyond the limit are dropped after each,
                and the doubt is updated in training.
            alarm: What surprise adds to the logits of recording; None for nothing.
            every: Return the tape after each chunk. Without it, chunks are read together if
                nothing can be dropped in between.

        Returns:
            Vectors read, tapes (the last one is that after the last token), and the logits of the
            two gates.
        """
        scale = GATE_WEIGHT / math.sqrt(self.gates.in_features)
        logits = functional.linear(hidden, scale * self.gates.weight, self.gates.bias)
        if alarm is not None:
            logits = logits + functional.pad(alarm.unsqueeze(-1), (0, 1))
        gates = open_gate(logits)
        temperature = self._temperatures(gates.detach(), chunks)
        write, advance = ((gates > 0.5).to(gates.dtype) if self.exact() else gates).unbind(-1)
        head = _heads(tape.head, write, advance)
        before = torch.cat([tape.head.unsqueeze(-1), head[:, :-1]], dim=-1)
        values, place = write.unsqueeze(-1) * values, clock.before(tape.end, write)
        limit, whole = self.max_recordings, not self.training
        if whole:
            all_fit = tape.place.shape[-1] + hidden.shape[1] <= limit
        else:
            all_fit = bool((place[:, -1] + write[:, -1] <= limit + ROUNDING).all())
        if all_fit and not every:
            chunks = [hidden.shape[1]]
        read, tapes, start = [], [tape], 0
        for count in chunks:
            stop, earlier = start + count, tapes[-1]
            longer = Tape(
                values=torch.cat([earlier.values, values[:, start:stop]], dim=1),
                place=torch.cat([earlier.place, place[:, start:stop]], dim=-1),
                strength=torch.cat([earlier.strength, write[:, start:stop]], dim=-1),
                end=place[:, stop - 1] + write[:, stop - 1],
                head=head[:, stop - 1],
            )
            read.append(self._read(before[:, start:stop], temperature[start:stop], longer))
            tapes.append(longer.last(limit, whole=whole))
            start = stop
        return torch.cat(read, dim=1), tapes[1:], logits

    def _temperatures(
        self, gates: Float[Tensor, "B T 2"], chunks: Sequence[int]
    ) -> Float[Tensor, "T 1"]:
        """Return the temperature at each token; in training, update the doubt chunk by chunk."""
        if not self.training:
            return self.temperature.expand(gates.shape[1], 1)
        found = []
        for piece in gates.split(list(chunks), dim=1):
            self._follow(piece)
            found.append(self.temperature.expand(piece.shape[1], 1))
        return torch.cat(found)

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

    def _read(
        self, position: Float[Tensor, "B C"], temperature: Float[Tensor, "C 1"], tape: Tape
    ) -> Float[Tensor, "B C V"]:
        """Read at each token; the last C entries of the tape are the tokens' own."""
        count = position.shape[-1]
        earlier = tape.place.shape[-1] - count
        held = tape.strength > 0
        gains = torch.where(held, tape.strength.clamp_min(MIN_STRENGTH).log(), -INVISIBLE)
        queries, keys = temperature * clock.fine_code(position), clock.fine_code(tape.place)
        later = queries.new_full((count, count), -INVISIBLE).triu(1)
        read = []
        for start in range(0, count, RECORDING_BLOCK):  # recordings after a block are left out
            stop = min(start + RECORDING_BLOCK, count)
            end = earlier + stop
            mask = functional.pad(later[start:stop, :stop], (earlier, 0))
            read.append(
                attention(
                    queries[:, start:stop],
                    keys[:, :end],
                    tape.values[:, :end],
                    gains[:, None, :end],
                    mask,
                )
            )
        # Before the first recording all are hidden alike.
        begun = functional.pad(held, (1, 0)).cummax(-1).values[:, earlier + 1 :]
        return torch.cat(read, dim=1) * begun.unsqueeze(-1)


def _heads(
    start: Float[Tensor, " B"], write: Float[Tensor, "B T"], advance: Float[Tensor, "B T"]
) -> Float[Tensor, "B T"]:
    """Return the head after each token, by a parallel scan (Hillis & Steele 1986).

    ``head_t = (1 − w_t)·head_{t−1} + a_t``: after the step of reach r, ``stay_t`` is the product of
    the last 2r factors and ``moved_t`` the head of a tape whose head was 0 before them.
    """
    stay, moved, reach = 1.0 - write, advance, 1
    while reach < write.shape[-1]:
        moved = torch.addcmul(moved, stay, functional.pad(moved[:, :-reach], (reach, 0)))
        stay = stay * functional.pad(stay[:, :-reach], (reach, 0), value=1.0)
        reach *= 2
    return torch.addcmul(moved, stay, start.unsqueeze(-1))
