"""``memnet.inspect``: what a memory does with some inputs."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from benchmarks.execution.weights import TrainedModel
from benchmarks.inspection.check_inputs import (
    check_answers,
    check_contents,
    check_samples,
    check_sequences,
)
from benchmarks.inspection.inspection import Images, Inspection, Rebuilt, frame_of
from memnet.model import MemNet
from memnet.persistent.bank import cosine
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.memory import PersistentMemory
from memnet.persistent.quantization import unpack
from memnet.persistent.trace import StreamTrace
from memnet.tracing.memory_trace import MemoryTrace
from memnet.tracing.table import NONE
from reports.analysis.memory_trace import TracedAnswer, TraceTable
from results.errors import UsageError
from strategies.continual.memnet.wrap import Memory

REBUILT_PER_CLASS = 2
"""Slots of each class that are drawn."""
MAX_REBUILT = 20
"""Maximum number of slots that are drawn."""
SAMPLES_AT_A_TIME = 512
"""Samples encoded at a time."""


def inspect(
    model: nn.Module | TrainedModel,
    inputs: Tensor,
    *,
    positions: Int[Tensor, "B P"] | None = None,
    targets: Int[Tensor, "B P"] | None = None,
    names: Mapping[int, str] | None = None,
    kinds: Mapping[int, str] | None = None,
    title: str = "",
    note: str = "",
) -> Inspection:
    """Let a model read inputs, and return the trace of its memory, with plots.

    The model is in evaluation mode meanwhile; its weights and its persistent memory do not change.

    Args:
        model: A :class:`~memnet.model.MemNet`, or a classifier with a persistent memory; or what
            ``memnet.load_model`` returns.
        inputs: Sequences: tokens ``[B, T]`` or features ``[B, T, F]``. For a persistent memory,
            samples ``[B, ...]``: those of the stream in their order if ``model.trace`` recorded
            its training, otherwise any samples.
        positions: Positions of the answers; without them no reads of answers are shown.
        targets: Targets of the answers; −1 for an answer that does not count.
        names: Names of tokens or classes.
        kinds: Kinds of tokens, for colours and survival curves; by default whether a token is the
            target of an answer.
        title: What is inspected.
        note: A few sentences about it, for the page.

    Raises:
        UsageError: If the model has no memory that can be traced, it can't read the inputs (empty,
            of another shape or type, tokens outside its vocabulary), or positions or targets do not
            fit them.
    """
    model = model.model if isinstance(model, TrainedModel) else model
    training = model.training
    model.eval()
    try:
        if isinstance(model, Memory):
            found = _persistent(model, inputs, names or {}, title)
        elif isinstance(model, MemNet):
            found = _sequence(model, inputs, positions, targets, names or {}, kinds or {}, title)
        else:
            raise UsageError(
                f"{type(model).__name__} has no memory to inspect: give a MemNet, or a classifier "
                "trained by the method memnet"
            )
    finally:
        model.train(training)
    return replace(found, note=note)


@torch.no_grad()
def _sequence(
    model: MemNet,
    inputs: Tensor,
    positions: Tensor | None,
    targets: Tensor | None,
    names: Mapping[int, str],
    kinds: Mapping[int, str],
    title: str,
) -> Inspection:
    check_sequences(model, inputs)
    check_answers(inputs, positions, targets)
    trace = MemoryTrace(top=8)
    output = model(inputs, positions=positions, trace=trace)
    answers: tuple[TracedAnswer, ...] = ()
    if positions is not None and (targets is None or not targets.is_floating_point()):
        given = output.logits.argmax(-1).tolist()
        answers = tuple(
            TracedAnswer(
                memory=row,
                time=time,
                answer=given[row][place],
                target=_target(targets, row, place),
            )
            for row, times in enumerate(positions.tolist())
            for place, time in enumerate(times)
        )
    table = TraceTable(
        frame=frame_of(trace.columns()),
        names=names,
        kinds=kinds,
        pairs=frozenset(range(model.bank.write_heads.binding)),
        answers=answers,
        title=title,
    )
    return Inspection(table=table)


def _target(targets: Int[Tensor, "B P"] | None, row: int, place: int) -> int | None:
    target = -1 if targets is None else int(targets[row, place])
    return target if target >= 0 else None


@torch.no_grad()
def _persistent(
    memory: Memory, samples: Tensor, names: Mapping[int, str], title: str
) -> Inspection:
    check_samples(samples, memory.shape)
    trace = memory.trace
    known = trace is not None and len(trace.contents) > 0
    trace = trace if trace is not None and known else _now(memory)
    frame = frame_of(trace.columns())
    classes = range(memory.classes)
    table = TraceTable(
        frame=frame,
        names={label: str(label) for label in classes} | dict(names),
        kinds={label: f"class {names.get(label, label)}" for label in classes},
        title=title,
    )
    rebuilt = None
    decodes = isinstance(memory, ComplementaryMemory) or memory.dreamer is not None
    if decodes and bool(memory.bank.occupied.any()):
        rebuilt = _rebuilt(memory, trace, samples, table, known=known)
    by_surprise = isinstance(memory, ComplementaryMemory) and memory.config.surprise and known
    return Inspection(table=table, stream=True, surprise=by_surprise, rebuilt=rebuilt)


def _now(memory: Memory) -> StreamTrace:
    """Return a trace with what the slots hold now; the numbers of the samples are unknown."""
    trace, bank = StreamTrace(), memory.bank
    slots = torch.nonzero(bank.occupied).flatten()
    clock = int(bank.clock)
    trace.record_samples(
        slots[:0], bank.links[:0], slots, bank.links[slots], slots - clock,
        bank.target[slots].long(), slots=len(bank.links), offered=0, clock=clock,
    )  # fmt: skip
    return trace


def _rebuilt(
    memory: Memory,
    trace: StreamTrace,
    samples: Float[Tensor, "B ..."],
    table: TraceTable,
    *,
    known: bool,
) -> Rebuilt:
    """Decode some slots of each class, next to their samples, or the most similar ones."""
    bank = memory.bank
    occupied = torch.nonzero(bank.occupied).flatten()
    labels = bank.target[occupied].long()
    seen = labels.unique().tolist()
    each = max(1, min(REBUILT_PER_CLASS, MAX_REBUILT // len(seen)))
    slots = torch.cat([occupied[labels == label][:each] for label in seen])[:MAX_REBUILT]
    dreams, codes = _dreams(memory, slots)
    contents = trace.contents[slots]
    known = known and bool((contents != NONE).all())  # not of slots filled before the trace
    if known:
        check_contents(contents, len(samples))
        originals = samples[contents.to(samples.device)]
    else:
        of_samples = torch.cat(
            [memory.codes_of(piece) for piece in samples.split(SAMPLES_AT_A_TIME)]
        )
        originals = samples[cosine(codes, of_samples).argmax(-1)]
    return Rebuilt(
        originals=_images(originals),
        rebuilt=_images(dreams),
        labels=tuple(table.name(label) for label in bank.target[slots].tolist()),
        nearest=not known,
        learned=isinstance(memory, PersistentMemory),
    )


def _dreams(
    memory: Memory, slots: Int[Tensor, "n"]
) -> tuple[Float[Tensor, "n ..."], Float[Tensor, "n E"]]:
    """Return what slots decode to, and their codes; the memory's generator does not advance."""
    if isinstance(memory, ComplementaryMemory):
        return memory.dream(slots), unpack(memory.bank.codes[slots], memory.config.bits)
    noise = memory.generator.get_state()
    dreams = memory.dream(slots)
    memory.generator.set_state(noise)
    return dreams.inputs, dreams.codes


def _images(samples: Float[Tensor, "n ..."]) -> Images:
    """Return samples as grey images: square if their values allow it, colours averaged."""
    flat = samples.detach().cpu().double().flatten(1)
    values = flat.shape[1]
    for channels in (1, 3):
        side = math.isqrt(values // channels)
        if side * side * channels == values:
            return cast(Images, flat.reshape(-1, side, side, channels).mean(-1).numpy())
    return cast(Images, flat.reshape(len(flat), samples.shape[1], -1).numpy())
