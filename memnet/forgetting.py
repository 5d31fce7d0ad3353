"""Forgetting on request in the state of a sequence.

An item is a query with its answer. As long as the slot that a head reads most for a query gives the
answer by itself, this slot is erased, with its links. As long as all slots together give the
answer, and an empty memory does not, the slot that is read most is erased. Recordings of the tape
that hold the query's last token or the answer are erased, and so are the controller's window and
the tail of codes, which may hold the tokens themselves. A state holds no weights, and evaluation
writes none, so nothing else depends on the item.

Legend: ``B`` memories, ``Q`` items, ``L`` tokens of a query, ``H`` heads, ``N`` slots.
"""

from dataclasses import replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn import functional

from memnet.model import MemNet
from memnet.single_slot import LastRead, with_single_slot
from memnet.state import MemNetState, Slots
from memnet.tape import Tape

SAME_RECORDING = 0.9
"""Cosine from which a recording of the tape is taken to hold a token."""


@torch.no_grad()
def forget(
    model: MemNet,
    state: MemNetState,
    queries: Int[Tensor, "B Q L"],
    answers: Int[Tensor, "B Q"],
) -> MemNetState:
    """Return the state without given items.

    Args:
        model: A model of tokens, in evaluation.
        state: Its state.
        queries: Queries of the items; each is answered at its last token.
        answers: The answers.
    """
    state = replace(state, window=torch.zeros_like(state.window), tail=torch.zeros_like(state.tail))
    if state.tape is not None:
        tokens = torch.cat([queries[:, :, -1], answers], dim=1)
        state = replace(state, tape=_without_recordings(model, state.tape, tokens))
    for query, answer in zip(queries.unbind(1), answers.unbind(1), strict=True):
        state = replace(state, slots=_without_answer(model, state, query, answer))
    return state


def _without_answer(
    model: MemNet, state: MemNetState, query: Int[Tensor, "B L"], answer: Int[Tensor, " B"]
) -> Slots:
    """Return the slots without those from which the query's answer can be read."""
    slots = state.slots
    empty = replace(state, slots=without(slots, slots.occupied))
    by_chance = _answer(model, empty, query) == answer
    for _ in range(int(slots.occupied.sum((1, 2)).amax())):
        state = replace(state, slots=slots)
        gone = _slots_that_answer(model, state, query, answer, ~by_chance)
        if not bool(gone.any()):
            break
        slots = without(slots, gone)
    return slots


def without(slots: Slots, gone: Bool[Tensor, "B H N"]) -> Slots:
    """Empty slots: contents, times, links in both directions and traces."""
    left = (~gone).to(slots.values.dtype)
    links, trace = slots.links, slots.trace
    if links.shape[2]:
        linked, kept = gone[:, slots.unlinked :], left[:, slots.unlinked :]
        to_gone = linked.gather(-1, slots.targets.long().flatten(2)).view_as(links)
        links = (links * kept.unsqueeze(-1)).masked_fill(to_gone, 0.0)
        trace = trace * kept
    return replace(
        slots,
        keys=slots.keys * left.unsqueeze(-1),
        values=slots.values * left.unsqueeze(-1),
        strength=slots.strength * left,
        usage=slots.usage * left,
        birth=slots.birth.masked_fill(gone, -1),
        written=slots.written.masked_fill(gone, -1),
        fresh=slots.fresh & ~gone,
        links=links,
        targets=slots.targets.masked_fill(links <= 0, 0),
        trace=trace,
    )


def _answer(
    model: MemNet, state: MemNetState, query: Int[Tensor, "B L"], record: LastRead | None = None
) -> Int[Tensor, " B"]:
    last = torch.full((len(query), 1), query.shape[1] - 1, device=query.device)
    logits: Tensor = model(query, state, positions=last, record=record).logits
    return logits[:, 0].argmax(-1)


def _slots_that_answer(
    model: MemNet,
    state: MemNetState,
    query: Int[Tensor, "B L"],
    answer: Int[Tensor, " B"],
    remembered: Bool[Tensor, " B"],
) -> Bool[Tensor, "B H N"]:
    """Return of each head the slot that the query reads most, if it gives the answer.

    It gives the answer alone, or all slots together give an answer that is ``remembered``; then the
    slot is that of the head with the largest weight.
    """
    slots, read = state.slots.occupied, LastRead()
    together = (_answer(model, state, query, read) == answer) & remembered
    assert read.weights is not None
    best = read.weights[..., : slots.shape[-1]].max(-1)
    most = best.values.argmax(-1)
    found = torch.zeros_like(slots)
    for head in range(slots.shape[1]):
        single = with_single_slot(state, model.config, head, best.indices[:, head])
        alone = (_answer(model, single, query) == answer) & (best.values[:, head] > 0)
        chosen = functional.one_hot(best.indices[:, head], slots.shape[-1]).bool()
        found[:, head] = chosen & (alone | together & (most == head)).unsqueeze(-1)
    return found & slots


def _without_recordings(model: MemNet, tape: Tape, tokens: Int[Tensor, "B X"]) -> Tape:
    bare = model.bottleneck(model.encoder(tokens))
    values = functional.normalize(model.bank.write_heads.value(bare), dim=-1)
    held = functional.normalize(tape.values, dim=-1)
    gone = (held @ values.transpose(-1, -2) >= SAME_RECORDING).any(-1)
    return replace(
        tape,
        values=tape.values.masked_fill(gone.unsqueeze(-1), 0.0),
        strength=tape.strength.masked_fill(gone, 0.0),
    )
