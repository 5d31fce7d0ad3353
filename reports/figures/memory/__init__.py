"""Figures of one model's memory, from the table of a trace."""
