"""SerialRecall.

What was stored is read again in its order, at any distance and whatever its contents.

A tape: a token may be recorded at its end, by a gate, and may move the reading head on by a place,
by another; recording rewinds the head. So after any rest the first thing recorded is the first that
is read, then the second. It is the queue of Grefenstette et al. 2015 ("Learning to Transduce with
Unbounded Memory"), found by counted position as in Golovneva et al. 2024 ("Contextual Position
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

START = (0.0, -1.0)
"""Logits of recording and of reading on at the start: half a place for every token, and a fifth of one."""
BLUR, SHARP = 14.0, 100.0
"""Temperature at the start, at which neighbours are read too, so that counts learn from them in whole steps; and at most. From 11.8 on a
place outweighs its two neighbours together, so what is read is right even where it stays a blur.
"""
EAGER = 5.0
"""How many times faster than other weights the logarithm of the temperature learns."""

WHOLE, DECIDED = 0.2, 0.4
"""Doubt below which steps are whole enough for the temperature to be learned, which it then keeps near there; and below which gates have
made up their minds.
"""
MEMORY = 0.999
"""What is left of the doubt, per token of training."""

TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """What is recorded, and where it is read.

    Attributes:
        values: Contents.
        place: Place of each recording: how much was recorded before it.
        strength: Gate with which it was recorded; 0 where there is none.
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

    def last(self, most: int) -> "Tape":
        """Keep the latest recordings, so many at most."""
        held = self.strength > 0
        count = min(most, int(held.sum(-1).max())) if self.strength.shape[-1] else 0
        kept = self.place.masked_fill(~held, -1.0).topk(count, dim=-1).indices
        return Tape(
            values=self.values.gather(1, kept.unsqueeze(-1).expand(-1, -1, self.values.shape[-1])),
            place=self.place.gather(-1, kept),
            strength=self.strength.gather(-1, kept),
            end=self.end,
            head=self.head,
        )


def parts(tape: Tape | None) -> dict[str, Tensor]:
    """Return a tape's tensors by name; none where there is no tape."""
    return {} if tape is None else {name: getattr(tape, name) for name in tape.__dataclass_fields__}


class SerialRecall(nn.Module):
    """Records by one gate, reads on by another.

        w_t = open(W·h_t),  a_t = open(A·h_t)                    (clamped gates: exactly 0 and 1 at their ends)
        place of what t records = Σ_{s<t} w_s
        head_t = (1 − w_t)·head_{t−1} + a_t                      (recording rewinds)
        score_s = temperature·cos(code(head_{t−1}), code(place_s)) + log w_s
        read_t = Σ_s softmax(score)_s · w_s·v_s,  s ≤ t

    Where both counters take whole steps, counting can be exact, and then it holds after a million
    tokens: out of training, a gate above one half counts one and any other nothing, as soon as the
    gates have made up their minds. How far they are from it is the doubt: the share ``Σ 4·g·(1 − g)
    / Σ g`` over the latest tokens of training, so many half steps for each step taken. The
    temperature is learned, since a task may want one recording or several at once; but where it is
    free from the start, half steps serve as well as whole ones, so it is held at its start, a blur
    that only whole steps bear, until there is little doubt. It is the same in and out of training.

    Args:
        width: D of the controller's state.
        recordings: Most recordings that are kept; the earliest go first.
        training_recordings: As many while training, where that is more.
    """

    unsure: Tensor
    moved: Tensor

    def __init__(self, width: int, recordings: int, training_recordings: int) -> None:
        super().__init__()
        self.register_buffer("unsure", torch.ones(()))
        self.register_buffer("moved", torch.ones(()))
        self.most = recordings
        self.most_training = max(recordings, training_recordings)
        self.gates = nn.Linear(width, 2)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.gates.weight)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor(START))

    def forward(
        self, hidden: Float[Tensor, "B C D"], values: Float[Tensor, "B C V"], tape: Tape
    ) -> tuple[Float[Tensor, "B C V"], Tape, Float[Tensor, "B C 2"]]:
        """Record and read a chunk.

        Args:
            hidden: The controller's state.
            values: What may be recorded.
            tape: The tape before the chunk.

        Returns:
            What was read, the tape after the chunk, and the logits of the two gates.
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
            after.last(self.most_training if self.training else self.most),
            logits,
        )

    @property
    def temperature(self) -> Float[Tensor, ""]:
        """How sharply places are told apart: as learned, where all steps are whole ones, and blurred, the more doubt there is."""
        whole = max(0.0, 1.0 - self.doubt / WHOLE)
        return (BLUR * (EAGER * whole * self.log_temperature).exp()).clamp_max(SHARP)

    @property
    def doubt(self) -> float:
        """Half steps for each step taken, over the latest tokens of training.

        0 where all gates are at their ends.
        """
        return float(self.unsure / self.moved.clamp_min(TINY))

    def exact(self) -> bool:
        """Whether steps are counted as whole ones: out of training, where the gates have made up their minds."""
        return not self.training and self.doubt < DECIDED

    def _follow(self, gates: Float[Tensor, "B C 2"]) -> None:
        """Remember how far the gates are from their ends, and how much they move."""
        for total, now in ((self.unsure, 4.0 * gates * (1.0 - gates)), (self.moved, gates)):
            total.lerp_(now.mean().to(total.dtype), 1.0 - MEMORY ** gates.shape[1])

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
        weights = (scores + tape.strength.clamp_min(TINY).log().unsqueeze(1)).masked_fill(
            hidden, -math.inf
        )
        some = ~hidden.all(-1, keepdim=True)
        return weights.masked_fill(~some, 0.0).softmax(-1) * some @ tape.values


def _heads(
    start: Float[Tensor, " B"], write: Float[Tensor, "B C"], advance: Float[Tensor, "B C"]
) -> Float[Tensor, "B C+1"]:
    """Return the head before each token and after the last: ``head_t = (1 − w_t)·head_{t−1} + a_t``."""
    heads = [start]
    for kept, step in zip((1.0 - write).unbind(-1), advance.unbind(-1), strict=True):
        heads.append(torch.addcmul(step, kept, heads[-1]))
    return torch.stack(heads, dim=-1)
