"""Forgetting on request by a memory without weights: statistics are subtracted, slots are erased.

The statistics of the slow memory are sums over samples, so an item leaves them exactly, up to the
rounding of sums::

    G ← G − φ(x) φ(x)ᵀ        C ← C − φ(x) onehot(y)ᵀ

and with them the solution W. Slots that hold items are erased with their edges; the others get the
surprise of the new solution, as in a sleep. The moments by which codes are scaled were measured on
the first samples, items possibly among them. They are measured again on the dreams of the remaining
slots, which are encoded again. Coefficients of the transform that no code stores are at 0
afterwards, since dreams do not determine their means.

Two things still depend on the items: which coefficients a code stores, and which of the other
samples have slots, since the items competed for them.

Legend: ``M`` items, ``D`` features, ``K`` classes; ``...`` is the shape of a sample.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from memnet.persistent.bank import erase, recode
from memnet.persistent.forgetting import slots_of

if TYPE_CHECKING:
    from memnet.persistent.complementary import ComplementaryMemory

SAME_CODE = 0.85
"""Least cosine of an item's quantised code with the slot that is taken to hold it.

A slot holds exactly this code, unless it was written while the moments of the code were still being
measured: then it has been encoded again. Of MNIST's first 1,000 samples all have a cosine of 0.89
if they come 250 at a time, and of 0.82 if they come 10 at a time. A smaller value erases more slots
of other, similar samples.
"""


@torch.no_grad()
def forget(
    memory: "ComplementaryMemory",
    inputs: Float[Tensor, "M ..."],
    labels: Int[Tensor, "M"],
    same: float = SAME_CODE,
) -> int:
    """Erase items from a memory, as :meth:`ComplementaryMemory.forget` does; see this module.

    Returns:
        The number of erased slots.

    Raises:
        ValueError: If there are more items of a class than samples seen of it.
    """
    bank, items = memory.bank, torch.bincount(labels, minlength=memory.classes)
    if bool((items > bank.seen).any()):
        label = int((items - bank.seen).argmax())
        raise ValueError(
            f"{int(items[label])} items of class {label} are more than the "
            f"{int(bank.seen[label])} samples of it that the memory has seen: give only items "
            "that it has seen"
        )
    gone = slots_of(memory, inputs, labels, same)
    memory.slow.subtract(memory.slow.features(inputs), labels)
    bank = erase(bank, gone)
    memory.bank = replace(
        bank, seen=bank.seen - items.to(bank.seen), clock=bank.clock - len(labels)
    )
    if memory.trace is not None:
        memory.trace.forgot(gone, int(memory.bank.clock))
    left = torch.nonzero(bank.occupied).flatten()
    dreams = memory.dream(left)
    memory.code.measure_again(dreams)
    memory.bank = recode(memory.bank, left, memory.code.encode(dreams), memory.config.bits)
    memory.sleep()
    return len(gone)
