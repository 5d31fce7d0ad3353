"""A stream that takes a second to learn."""

from benchmarks.checks.small_stream import small_stream as toy

__all__ = ["NEEDS_BOUNDARIES", "toy"]

NEEDS_BOUNDARIES = (*("cumulative", "ewc", "gdumb", "generative-replay", "icarl", "lwf", "si"),)
"""Methods that are refused on online streams."""
