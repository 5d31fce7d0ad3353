"""Signals of training: what is measured at a step, for those who watch. Nothing that is learnt depends on them."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Signals: TypeAlias = Callable[[int, Mapping[str, float]], None]
"""Told of a training step: its number, from 1, and what was measured there, by name."""
