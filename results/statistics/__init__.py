"""Metrics, intervals, tests and ranks."""
