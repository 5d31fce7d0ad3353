"""Figures, a file each."""
