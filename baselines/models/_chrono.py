"""Chrono initialisation of gated recurrences (Tallec & Ollivier 2018, equation 16).

A gate that keeps a share ``σ(b)`` of a cell at each step forgets within about ``1 + exp(b)`` steps.
With ``b = log u`` and u drawn from 1 to ``T_max − 1``, the initial time constants of the cells are
spread over the dependencies that training sequences can hold. It extends the rule that a forget
gate starts open (Gers et al. 2000; Jozefowicz et al. 2015, whose bias of 1 keeps for four steps).

Legend: ``D`` cells.
"""

import torch
from jaxtyping import Float
from torch import Tensor

SHORTEST_LENGTH = 3
"""Smallest ``T_max``: a range of u that is not empty."""


def chrono_biases(cells: int, length: int) -> Float[Tensor, " D"]:
    """Draw ``log u``, ``u ~ U(1, T_max − 1)``, from the global generator, as initialisers do.

    Args:
        cells: D.
        length: ``T_max``, the training length; shorter ones count as 3.
    """
    return torch.empty(cells).uniform_(1.0, max(length, SHORTEST_LENGTH) - 1.0).log()
