"""Weighs answers by how often each class was seen.

The head is trained to answer as if all classes were equally frequent (Menon et al. 2021, *Long-tail
learning via logit adjustment*), and the slots hold ``n_k`` of the ``s_k`` samples seen of a class.
Bayes' rule with the counts of the bank makes both answers those of the stream: the head's logits
get ``log s_k``, and a slot represents ``s_k / n_k`` samples when slots are read.

Legend: ``N`` slots, ``K`` classes.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from memnet.persistent.bank import PersistentBank

UNSEEN = 1e-9
"""Samples of a class that was not seen; its logarithm is finite."""


def log_frequency(bank: PersistentBank) -> Float[Tensor, "K"]:
    """Return the logarithm of the number of samples seen of each class."""
    return bank.seen.float().clamp_min(UNSEEN).log()


def log_samples_per_slot(bank: PersistentBank) -> Float[Tensor, "N"]:
    """Return the logarithm of the number of samples that each slot represents."""
    target = bank.target.long()
    stored = torch.bincount(target[bank.occupied], minlength=len(bank.seen)).clamp_min(1)
    return (log_frequency(bank) - stored.log())[target]
