"""Forgetting on request: items leave the slots, and the weights that were trained on them.

Erasing a slot is exact: its code and its edge are zero afterwards. The weights are not slots: they
were trained on the items, and on dreams of them. So the two heads that answer from a code, the
classifying head and the hallucination head, are drawn again, and trained on the dreams of the
remaining slots alone (compare Bourtoule et al. 2021, *Machine unlearning*, who train again on the
data that remain; here the slots are the data). The dreams are decoded by the decoder of before,
which is then replaced too. With ``encoder``, trunk and bottleneck are also drawn again and trained
on the dreams, and the remaining slots are encoded again. That leaves no weight that was trained on
the items; it costs accuracy, since dreams are less sharp than samples.

The caller has to discard optimizers of the memory, whose moments are traces of the items too.

Legend: ``N`` slots, ``M`` items, ``E`` width of a code; ``...`` is the shape of a sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.persistent.bank import cosine, erase
from memnet.persistent.quantization import unpack

if TYPE_CHECKING:
    from memnet.persistent.complementary import ComplementaryMemory
    from memnet.persistent.memory import Dreams, PersistentMemory

SAME = 0.8
"""Least cosine of an item's code with the slot that is taken to hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """Options of the training on the remaining slots.

    Attributes:
        encoder: Whether trunk and bottleneck are drawn again too.
        steps: Steps of Adam.
        batch: Dreams in a step.
        learning_rate: Peak learning rate; it falls to zero.
    """

    encoder: bool = False
    steps: int = 1500
    batch: int = 128
    learning_rate: float = 2e-3


@torch.no_grad()
def slots_of(
    memory: "PersistentMemory | ComplementaryMemory",
    inputs: Float[Tensor, "M ..."],
    labels: Int[Tensor, "M"],
    same: float = SAME,
) -> Int[Tensor, "n"]:
    """Return the slots that hold given items.

    An item is in the slot of its class whose code has the largest cosine with the item's code, if
    that is at least ``same``. Two items are never in one slot: the more similar one is first,
    and the other is in the next slot of its class.
    """
    bank = memory.bank
    places = torch.nonzero(bank.occupied).flatten()
    if not len(places) or not len(inputs):
        return places[:0]
    near = cosine(memory.codes_of(inputs), unpack(bank.codes[places], memory.config.bits))
    near.masked_fill_(labels[:, None] != bank.target[places].long()[None], -1.0)
    found = []
    for _ in range(len(inputs)):
        best, at = near.flatten().max(0)
        if float(best) < same:
            break
        item, slot = divmod(int(at), len(places))
        found.append(slot)
        near[item], near[:, slot] = -1.0, -1.0
    return places[torch.tensor(found, dtype=torch.int64, device=places.device)]


def forget(
    memory: "PersistentMemory",
    inputs: Float[Tensor, "M ..."],
    labels: Int[Tensor, "M"],
    rebuilding: Rebuilding,
) -> int:
    """Erase items from a memory, as :meth:`PersistentMemory.forget` does; see this module.

    Returns:
        The number of erased slots.

    Raises:
        ValueError: If the memory has no decoder, no slot would remain, or a module has weights that
            it cannot draw again.
    """
    if memory.dreamer is None:
        raise ValueError(
            "a memory built with dreams=False cannot forget on request: its weights cannot be "
            "trained again without dreams of the remaining slots"
        )
    drawn: tuple[nn.Module, ...] = (memory.head, memory.hallucination)
    if rebuilding.encoder:
        drawn += (memory.trunk, memory.bottleneck)
    _check_weights(drawn)
    gone = slots_of(memory, inputs, labels)
    bank = erase(memory.bank, gone)
    left = torch.nonzero(bank.occupied).flatten()
    if not len(left):
        raise ValueError("no slot would remain: build a new memory instead")
    removed = torch.bincount(labels, minlength=memory.classes).to(bank.seen)
    memory.bank = replace(
        bank,
        seen=(bank.seen - removed).clamp_min(0),
        clock=(bank.clock - len(labels)).clamp_min(0),
    )
    if memory.trace is not None:
        memory.trace.forgot(gone, int(memory.bank.clock))
    samples = memory.dream(left)
    _draw_again(drawn, memory.generator)
    _train(memory, drawn, samples, rebuilding)
    if rebuilding.encoder:
        memory.replace_codes(left, samples.inputs)
    memory.dreamer.load_state_dict(memory.hallucination.state_dict())
    return len(gone)


def _check_weights(drawn: Sequence[nn.Module]) -> None:
    """Check that all weights can be drawn again.

    Raises:
        ValueError: If a module has weights and no method ``reset_parameters``.
    """
    for module in (part for whole in drawn for part in whole.modules()):
        own = dict(module.named_parameters(recurse=False))
        if own and not hasattr(module, "reset_parameters"):
            raise ValueError(
                f"{type(module).__name__} has weights ({', '.join(own)}) that can't be drawn "
                "again: give it a method reset_parameters"
            )


def _draw_again(drawn: Sequence[nn.Module], generator: torch.Generator) -> None:
    seed = int(torch.randint(2**62, (1,), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in (part for whole in drawn for part in whole.modules()):
            if callable(reset := getattr(module, "reset_parameters", None)):
                reset()


def _train(
    memory: "PersistentMemory",
    drawn: Sequence[nn.Module],
    samples: "Dreams",
    rebuilding: Rebuilding,
) -> None:
    """Train the weights that were drawn again on dreams, in a random order per epoch."""
    mode, count = memory.training, len(samples.labels)
    memory.train()
    share = torch.bincount(samples.labels, minlength=memory.classes) / count
    memory.log_prior = share.clamp_min(1e-9).log().to(memory.log_prior)
    optimizer = torch.optim.Adam(
        [weight for part in drawn for weight in part.parameters()], lr=rebuilding.learning_rate
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rebuilding.steps)
    order = torch.zeros(0, dtype=torch.int64)
    for _ in range(rebuilding.steps):
        if len(order) < min(rebuilding.batch, count):
            order = torch.randperm(count, generator=memory.generator)
        chosen, order = order[: rebuilding.batch], order[rebuilding.batch :]
        batch, target = samples.inputs[chosen], samples.labels[chosen]
        codes = memory.encode(batch) if rebuilding.encoder else samples.codes[chosen]
        loss = functional.cross_entropy(memory.head(codes) + memory.log_prior, target)
        loss = loss + memory.objective(memory.losses(codes, batch, target))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    memory.train(mode)
