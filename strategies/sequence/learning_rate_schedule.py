"""The learning rate of the protocol *fixed*: a linear warm-up, then a cosine decay."""

import math

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises."""

FLOOR = 0.1
"""Share of the peak learning rate at the last step."""


def rate_at(step: int, steps: int) -> float:
    """Return the share of the peak rate at a step: linear warm-up, then cosine decay to `FLOOR`."""
    warm = warm_up_steps(steps)
    if step < warm:
        return (step + 1) / warm
    return FLOOR + (1.0 - FLOOR) * 0.5 * (
        1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm))
    )


def warm_up_steps(steps: int) -> int:
    """Return the number of steps over which the learning rate rises."""
    return max(1, round(WARM_UP * steps))
