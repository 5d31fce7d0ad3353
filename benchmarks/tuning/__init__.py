"""Tunes learning rates on a seed that is never reported."""
