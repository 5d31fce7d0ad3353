"""MemNet: a controller with an active memory.

    input → encoder → controller → query → read heads → (hallucination head, fusion → output)
                      controller → semantic bottleneck → write heads → slots → graph
                      slots ⇄ synthesizer
                      controller → tape → fusion, for recall in the order of recording

Legend: ``B`` batch, ``T`` time, ``C`` chunk, ``H`` heads, ``N`` slots, ``D`` width, ``P`` query
positions, ``V`` outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import softplus

from memnet.bank import MultiHeadMemoryBank, Read, Written
from memnet.bottleneck import SemanticBottleneck
from memnet.config import MemNetConfig
from memnet.controller import TransformerController
from memnet.encoder import Encoder, Head, at_positions
from memnet.fusion import Fusion
from memnet.hallucination import HallucinationHead
from memnet.objective import Objective
from memnet.output import ModelOutput
from memnet.policy import entropy
from memnet.recorder import Recorder
from memnet.serial import SerialRecall, Tape, parts
from memnet.state import MemNetState, Slots, empty_state
from memnet.synthesizer import MemorySynthesizer

CLOSED_GATE_LOGIT = -3.0
"""Logit below which the sparsity loss has no more effect on a write gate.

The gate is closed there (from -2.4 on) and must be able to reopen.
"""
STRENGTH_OFFSET = 0.05
"""Offset that bounds the gradient which opens the gates of entries read by answers.

The gradient is ``1 / (strength + STRENGTH_OFFSET)``: large for a nearly closed gate, and bounded.
"""


@dataclass(frozen=True, slots=True)
class _Pass:
    """Result of one chunk."""

    fused: Float[Tensor, "B C D"]
    state: MemNetState
    losses: dict[str, Float[Tensor, ""]]


@dataclass(frozen=True, slots=True)
class _ChunkMemory:
    """Result of the memory for one chunk.

    The vectors read in all, slots and tape after the chunk, the bank's writes and reads, and the
    logits of all gates.
    """

    vectors: Float[Tensor, "B C D"]
    slots: Slots
    tape: Tape | None
    written: Written
    read: Read
    gates: list[Tensor]


class MemNet(nn.Module):
    """A sequence model whose memory is slots joined by a Hebbian graph.

    A sequence is read in chunks. A chunk ends where the number of tokens read is a multiple of
    ``config.chunk`` or of ``config.dream_every``; in the second case a dream follows. A sequence
    fed in pieces that are multiples of the chunk gives the same as the whole sequence. This holds
    for any other pieces too, as long as nothing is evicted.

    Args:
        config: Options.
        vocabulary: Token types, or None for features.
        features: Features per step, or None for tokens.
        outputs: Number of classes V.
    """

    def __init__(
        self,
        config: MemNetConfig,
        *,
        vocabulary: int | None = None,
        features: int | None = None,
        outputs: int,
    ) -> None:
        super().__init__()
        self.config = config
        self.width = config.width
        self.segment = config.chunk
        self.encoder = Encoder(vocabulary, features, config.width)
        self.controller = TransformerController(
            config.width, config.controller_heads, config.window
        )
        self.bottleneck = SemanticBottleneck(config.width, config.bottleneck)
        self.bank = MultiHeadMemoryBank(config)
        inward = (
            self.bank.write_heads.value.weight.detach() @ self.bottleneck.project.weight.detach()
        )
        self.fusion = Fusion(config.width, inward.transpose(0, 1))
        self.head = Head(self.encoder, outputs)
        self.synthesizer = MemorySynthesizer(config) if config.dreaming else None
        rebuilt = features if features is not None else config.width
        self.hallucination = (
            HallucinationHead(config.width, rebuilt) if config.hallucination else None
        )
        self.serial = (
            SerialRecall(config.width, config.slots, config.training_slots)
            if config.serial
            else None
        )
        self.weighing = Objective(config, outputs)

    def initial_state(self, batch: int) -> MemNetState:
        """Return an empty memory for each of ``batch`` sequences."""
        return empty_state(self.config, batch, self.bottleneck.project.weight.detach())

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: MemNetState | None = None,
        *,
        targets: Int[Tensor, "B P"] | Float[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: Recorder | None = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """Read a piece of a sequence.

        See :class:`baselines.interface.SequenceModel` for the arguments.

        Without ``generator`` the Random policy returns its expectation, and the pass is
        deterministic.
        """
        if self.training and targets is not None and targets.is_floating_point():
            self.weighing.expect(targets)
        fused, state, losses = self._read(
            inputs, state, record, generator, _asked(inputs, positions)
        )
        return ModelOutput(
            logits=self.head(at_positions(fused, positions)), state=state, losses=losses
        )

    def objective(
        self, task_loss: Float[Tensor, ""], losses: Mapping[str, Float[Tensor, ""]]
    ) -> Float[Tensor, ""]:
        """Weigh and add the losses; see :class:`memnet.objective.Objective`."""
        total: Tensor = self.weighing(task_loss, losses)
        return total

    def features(
        self, inputs: Float[Tensor, "B T F"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Read whole samples and return the fused state after the last step of each."""
        last = torch.full((len(inputs), 1), inputs.shape[1] - 1, device=inputs.device)
        fused, _, _ = self._read(inputs, None, None, generator, _asked(inputs, last))
        return fused[:, -1]

    def _read(
        self,
        inputs: Tensor,
        state: MemNetState | None,
        record: Recorder | None,
        generator: torch.Generator | None,
        queried: Bool[Tensor, "B T"],
    ) -> tuple[Float[Tensor, "B T D"], MemNetState, dict[str, Float[Tensor, ""]]]:
        batch, length = inputs.shape[:2]
        if state is None:
            state = self.initial_state(batch)
        draw = None
        if generator is not None and self.config.meta_policy:
            # Drawn by position, so that the chunk size has no effect.
            shape = (length, batch, self.config.heads)
            draw = (
                torch.rand(shape, generator=generator, device=generator.device)
                .permute(1, 2, 0)
                .to(inputs.device)
            )
        passes: list[tuple[int, _Pass]] = []
        start = 0
        while start < length:
            stop = min(length, start + self._until_break(state.time))
            drawn = None if draw is None else draw[..., start:stop]
            result = self._chunk(
                inputs[:, start:stop], state, record, drawn, queried[:, start:stop]
            )
            passes.append((stop - start, result))
            state, start = result.state, stop
        if record is not None:
            record.survivors(state.slots.occupied, state.slots.birth, state.time)
        losses = {
            name: sum_weighted([(count / length, item.losses[name]) for count, item in passes])
            for name in passes[0][1].losses
        }
        return torch.cat([item.fused for _, item in passes], dim=1), state, losses

    def _until_break(self, time: int) -> int:
        """Tokens up to the end of the chunk."""
        chunk = self.config.chunk - time % self.config.chunk
        return (
            min(chunk, self.config.dream_every - time % self.config.dream_every)
            if self.config.dreaming
            else chunk
        )

    def _chunk(
        self,
        inputs: Tensor,
        state: MemNetState,
        record: Recorder | None,
        draw: Float[Tensor, "B H C"] | None,
        queried: Bool[Tensor, "B C"],
    ) -> _Pass:
        encoded = self.encoder(inputs)
        hidden, window = self.controller(encoded, state.window, state.time)
        context = torch.cat([state.tail, self.bottleneck(hidden)], dim=1)
        bare = self.bottleneck(encoded)
        exact = self.fusion.read.weight.dtype
        with torch.autocast(
            inputs.device.type, enabled=False
        ):  # keys, links, clocks and places have the precision of the weights
            result = self._remember(
                hidden.to(exact), context.to(exact), bare.to(exact), state, record, draw
            )
            slots, time = result.slots, state.time + inputs.shape[1]
            if self.synthesizer is not None and time % self.config.dream_every == 0:
                awake, slots = slots, self.synthesizer(slots)
                if record is not None:
                    record.lives(awake.occupied & ~slots.occupied, awake.birth, time)
        tail = context[:, context.shape[1] - state.tail.shape[1] :]
        after = MemNetState(slots=slots, window=window, tail=tail, tape=result.tape, time=time)
        target = inputs if inputs.is_floating_point() else encoded
        losses = self._losses(result, target, queried) if torch.is_grad_enabled() else {}
        return _Pass(fused=self.fusion(hidden, result.vectors), state=after, losses=losses)

    def _remember(
        self,
        hidden: Float[Tensor, "B C D"],
        context: Float[Tensor, "B taps-1+C Z"],
        bare: Float[Tensor, "B C Z"],
        state: MemNetState,
        record: Recorder | None,
        draw: Float[Tensor, "B H C"] | None,
    ) -> _ChunkMemory:
        """Write and read a chunk."""
        written = self.bank.write(hidden, context, bare, state.slots, state.time)
        read = self.bank.read(hidden, context, bare, written, draw)
        slots = self.bank.fold(written, read, state.time, record)
        vectors, tape, gates, taped = (
            read.vectors,
            state.tape,
            [written.logits],
            list(parts(state.tape).values()),
        )
        if self.serial is not None:
            values = self.bank.write_heads.value(bare)
            recalled, tape, counters = self.serial(hidden, values, tape)
            vectors = vectors + recalled
            gates.append(counters)
            taped += [
                values,
                counters,
            ]  # as many bytes as the chunk's contents, places and strengths
        if record is not None:
            provisional = (written.keys, written.values, written.strength, written.times)
            contents = (
                slots.usage,
                slots.birth,
                slots.fresh,
                slots.adjacency,
                slots.trace,
                slots.count,
            )
            record.carries([*provisional, *contents, state.window, state.tail, *taped])
        return _ChunkMemory(
            vectors=vectors, slots=slots, tape=tape, written=written, read=read, gates=gates
        )

    def _losses(
        self, result: _ChunkMemory, inputs: Float[Tensor, "B C X"], queried: Bool[Tensor, "B C"]
    ) -> dict[str, Float[Tensor, ""]]:
        """Return the unweighted auxiliary losses of a chunk.

        - hallucination: MSE of the input reconstructed from the read after the write of each token.
        - utilization: negative entropy of the mean use of entries.
        - sparsity: mean of ``softplus(a)``, a the logits of the bank's write gates, the same of the
          tape's gates, a tenth of the mean dispersion of TopK, and a term that holds open the gates
          of entries read by answers: ``−log(strength + STRENGTH_OFFSET)`` of the entries read at a
          query position, averaged over all tokens like the gates' term.
        """
        use = result.read.weights.mean(2)
        losses = {
            "utilization": -entropy(use / use.sum(-1, keepdim=True).clamp_min(1e-6)).mean(),
            "sparsity": sum(
                (softplus(logits.clamp_min(CLOSED_GATE_LOGIT)).mean() for logits in result.gates),
                start=0.1 * result.read.dispersion.mean(),
            )
            + self._loss_of_entries_read(result, queried),
        }
        if self.hallucination is not None:
            losses["hallucination"] = self.hallucination.loss(result.read.vectors, inputs)
        return losses

    def _loss_of_entries_read(
        self, result: _ChunkMemory, queried: Bool[Tensor, "B C"]
    ) -> Float[Tensor, ""]:
        """Loss that holds open the gates of the entries that answers read.

        Reads are normalised. Without it all gates could decrease together at no cost to the task,
        until the gates that the task needs are closed too.
        """
        weights = result.read.weights.detach() * queried[:, None, :, None]
        missing = (result.written.strength + STRENGTH_OFFSET).log().clamp_max(0.0)
        return -(weights.sum(2) * missing).sum() / weights[..., 0].numel()


def _asked(inputs: Tensor, positions: Int[Tensor, "B P"] | None) -> Bool[Tensor, "B T"]:
    """Return at which tokens there is a query; at all tokens if ``positions`` is None."""
    everywhere = torch.ones(inputs.shape[:2], dtype=torch.bool, device=inputs.device)
    return (
        everywhere
        if positions is None
        else torch.zeros_like(everywhere).scatter(1, positions, True)
    )


def sum_weighted(terms: list[tuple[float, Tensor]]) -> Tensor:
    """Weighted sum of scalars."""
    return torch.stack([weight * value for weight, value in terms]).sum()
