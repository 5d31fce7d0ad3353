"""A small model for tests, independent of the registered ones."""

from benchmarks.checks.small_stream import SmallGru as Gru
from benchmarks.checks.small_stream import SmallGruState as GruState

__all__ = ["Gru", "GruState"]
