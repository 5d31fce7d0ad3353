"""MemNet: a controller with an active memory.

    input → encoder → controller → query → read heads → (hallucination head, fusion → output)
                      controller → semantic bottleneck → write heads → slots → graph
                      slots ⇄ synthesizer
                      controller → tape → fusion, for recall in the order of recording

Legend: ``B`` batch, ``T`` time, ``C`` chunk, ``H`` heads, ``N`` slots, ``D`` width, ``P`` query
positions, ``V`` outputs.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from memnet.bank import MultiHeadMemoryBank
from memnet.bottleneck import SemanticBottleneck
from memnet.chunk_access import ChunkAccess, Written
from memnet.config import MemNetConfig
from memnet.controller import TransformerController
from memnet.encoder import Encoder, Head, at_positions
from memnet.fusion import Fusion
from memnet.hallucination import HallucinationHead
from memnet.heads import Offer
from memnet.losses import auxiliary_losses
from memnet.objective import Objective
from memnet.output import ModelOutput
from memnet.recorder import Recorder
from memnet.settling import quiet_tokens
from memnet.state import MemNetState, Slots, empty_state
from memnet.surprise import Surprise
from memnet.synthesizer import MemorySynthesizer
from memnet.tape import SerialRecall, Tape, parts
from memnet.tracing.memory_trace import MemoryTrace

QUIET_TOKENS = 2**11
"""Most tokens of a chunk without writes, over all sequences of a batch.

Reading one sequence in short chunks is bound by the number of calls.
"""


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
        mimetic = config.init == "mimetic"
        self.controller = TransformerController(
            config.width, config.controller_heads, config.window, placed=mimetic
        )
        self.bottleneck = SemanticBottleneck(config.width, config.bottleneck)
        self.bank = MultiHeadMemoryBank(config)
        inward = (
            self.bank.write_heads.value.weight.detach() @ self.bottleneck.project.weight.detach()
        )
        self.fusion = Fusion(config.width, inward.transpose(0, 1) if mimetic else None)
        self.head = Head(self.encoder, outputs)
        self.synthesizer = MemorySynthesizer(config) if config.dreaming else None
        rebuilt = features if features is not None else config.width
        self.hallucination = (
            HallucinationHead(config.width, rebuilt) if config.hallucination else None
        )
        self.serial = SerialRecall(config.width, config.slots) if config.serial else None
        self.surprise = None
        if config.surprise and config.serial:
            self.surprise = Surprise(config.width, vocabulary=vocabulary, features=features)
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
        trace: MemoryTrace | None = None,
    ) -> ModelOutput:
        """Read a piece of a sequence.

        See :class:`baselines.interface.SequenceModel` for the arguments. A ``trace`` records what
        the memory does.

        Without ``generator`` the Random policy returns its expectation, and the pass is
        deterministic.
        """
        if self.training and targets is not None and targets.is_floating_point():
            self.weighing.expect(targets)
        if trace is not None:
            trace.begin(inputs, positions, 0 if state is None else state.time)
        fused, state, losses = self._read(
            inputs, state, record, generator, _query_tokens(inputs, positions), trace
        )
        return ModelOutput(
            logits=self.head(at_positions(fused, positions)), state=state, losses=losses
        )

    def objective(
        self, task_loss: Float[Tensor, ""], losses: Mapping[str, Float[Tensor, ""]]
    ) -> Float[Tensor, ""]:
        """Weigh and add the losses; see :class:`memnet.objective.Objective`."""
        if self.surprise is not None and self.training and "surprise" in losses:
            self.surprise.follow(losses["surprise"])
        total: Tensor = self.weighing(task_loss, losses)
        return total

    def features(
        self, inputs: Float[Tensor, "B T F"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Read whole samples and return the fused state after the last step of each."""
        last = torch.full((len(inputs), 1), inputs.shape[1] - 1, device=inputs.device)
        fused, _, _ = self._read(inputs, None, None, generator, _query_tokens(inputs, last))
        return fused[:, -1]

    def _read(
        self,
        inputs: Tensor,
        state: MemNetState | None,
        record: Recorder | None,
        generator: torch.Generator | None,
        queried: Bool[Tensor, "B T"],
        trace: MemoryTrace | None = None,
    ) -> tuple[Float[Tensor, "B T D"], MemNetState, dict[str, Float[Tensor, ""]]]:
        batch, length = inputs.shape[:2]
        if state is None:
            state = self.initial_state(batch)
        draw = None
        if generator is not None and self.config.meta_policy:
            # Drawn by position, so that the chunk size has no effect.
            shape = (length, batch, self.config.heads)
            drawn = torch.rand(shape, generator=generator, device=generator.device)
            draw = drawn.permute(1, 2, 0).to(inputs.device)
        encoded = self.encoder(inputs)
        hidden, window = self.controller(encoded, state.window, state.time)
        context = torch.cat([state.tail, self.bottleneck(hidden)], dim=1)
        bare = self.bottleneck(encoded)
        tail = context[:, context.shape[1] - state.tail.shape[1] :]
        exact = self.fusion.read.weight.dtype
        with torch.autocast(inputs.device.type, enabled=False):
            # Keys, links, clocks and places have the precision of the weights.
            codes = (hidden.to(exact), context.to(exact), bare.to(exact))
            alarm, missed = None, None
            if self.surprise is not None:
                before = state.window[:, -1] * (state.time > 0)
                alarm, missed = self.surprise(inputs, encoded, before)
            vectors, slots, tape, chunks, counters = self._remember(
                *codes, alarm, state, draw, record, trace
            )
        after = MemNetState(
            slots=slots, window=window, tail=tail, tape=tape, time=state.time + length
        )
        if record is not None:
            record.survivors(slots.occupied, slots.birth, after.time)
        losses = {}
        if torch.is_grad_enabled():
            target = inputs if inputs.is_floating_point() else encoded
            losses = auxiliary_losses(chunks, counters, queried)
            if self.hallucination is not None:
                read = torch.cat([chunk.read.vectors for chunk in chunks], dim=1)
                losses["hallucination"] = self.hallucination.loss(read, target)
            if missed is not None:
                losses["surprise"] = missed
        return self.fusion(hidden, vectors), after, losses

    def _remember(
        self,
        hidden: Float[Tensor, "B T D"],
        context: Float[Tensor, "B taps-1+T Z"],
        bare: Float[Tensor, "B T Z"],
        alarm: Float[Tensor, "B T"] | None,
        state: MemNetState,
        draw: Float[Tensor, "B H T"] | None,
        record: Recorder | None,
        trace: MemoryTrace | None,
    ) -> tuple[Float[Tensor, "B T D"], Slots, Tape | None, list[ChunkAccess], Tensor | None]:
        """Write and read.

        Returns:
            Vectors read from slots and tape, both after the last token, the bank's chunks, and the
            logits of the tape's gates.
        """
        sizes = self._chunks(state.time, hidden.shape[1])
        vectors, tape, counters = None, state.tape, None
        taped: list[list[Tensor]] = [[] for _ in sizes]
        if self.serial is not None:
            assert state.tape is not None
            values = self.bank.write_heads.value(bare)
            every = record is not None
            vectors, tapes, counters = self.serial(
                hidden, values, state.tape, sizes, alarm=alarm, every=every
            )
            tape = tapes[-1]
            if every:  # the chunk's contents, places and strengths are as many bytes as these
                own = zip(values.split(sizes, dim=1), counters.split(sizes, dim=1), strict=True)
                taped = [
                    [*parts(before).values(), *new]
                    for before, new in zip([state.tape, *tapes[:-1]], own, strict=True)
                ]
        chunks: list[ChunkAccess] = []
        slots, start, length = state.slots, 0, hidden.shape[1]
        prepared = self.bank.prepare(hidden, context, bare)
        observed = record is not None or trace is not None or torch.is_grad_enabled()
        while start < length:
            time = state.time + start
            size = self._chunks(time, length - start)[0]
            if not observed:
                size = max(size, self._quiet(prepared.offer, slots, start, time))
            part, stop = prepared.part(start, start + size), time + size
            written = self.bank.write(part.offer, slots, time)
            drawn = None if draw is None else draw[..., start : start + size]
            read = self.bank.read(part, written, drawn, trace)
            slots = self.bank.fold(written, read, time, record, trace)
            if record is not None:
                record.carries(self._carried(written, slots, state) + taped[len(chunks)])
            chunks.append(ChunkAccess(written, read))
            start += size
            if self.synthesizer is not None and stop % self.config.dream_every == 0:
                awake, slots = slots, self.synthesizer(slots)
                if record is not None:
                    record.lives(awake.occupied & ~slots.occupied, awake.birth, stop)
                if trace is not None:
                    trace.dream(awake, slots, self.config.merge, stop)
        found = torch.cat([chunk.read.vectors for chunk in chunks], dim=1)
        return found if vectors is None else found + vectors, slots, tape, chunks, counters

    def _quiet(self, offer: Offer, slots: Slots, start: int, time: int) -> int:
        """Return how many tokens can be read as one chunk because none of them writes.

        The memory stays as it is until the first write, and dreams of an unchanged memory have no
        effect. The number is a multiple of the chunk, and small batches have longer chunks.
        """
        if self.synthesizer is not None and bool(slots.fresh.any()):
            # The next dream changes these slots.
            return 0
        batch, unit = len(slots.occupied), self.config.chunk
        ahead = max(0, QUIET_TOKENS // batch - time % unit)
        heads, full = self.bank.write_heads, self.config.slots
        quiet = quiet_tokens(heads, offer, slots, start, start + ahead, full)
        return (time + quiet) // unit * unit - time

    def _chunks(self, time: int, length: int) -> list[int]:
        """Return the number of tokens of each chunk of a piece."""
        sizes: list[int] = []
        while (start := time + sum(sizes)) < time + length:
            size = self.config.chunk - start % self.config.chunk
            if self.config.dreaming:
                size = min(size, self.config.dream_every - start % self.config.dream_every)
            sizes.append(min(size, time + length - start))
        return sizes

    @staticmethod
    def _carried(written: Written, slots: Slots, state: MemNetState) -> list[Tensor]:
        """Return the tensors that the memory carries while a chunk is folded in, without a tape."""
        provisional = (written.keys, written.values, written.strength, written.times)
        contents = (slots.usage, slots.birth, slots.fresh, slots.links, slots.targets)
        return [*provisional, *contents, slots.trace, slots.count, state.window, state.tail]


def _query_tokens(inputs: Tensor, positions: Int[Tensor, "B P"] | None) -> Bool[Tensor, "B T"]:
    """Return at which tokens there is a query; at all tokens if ``positions`` is None."""
    everywhere = torch.ones(inputs.shape[:2], dtype=torch.bool, device=inputs.device)
    return (
        everywhere
        if positions is None
        else torch.zeros_like(everywhere).scatter(1, positions, True)
    )
