"""Turns a request (benchmarks, models, methods, seeds, options) into a plan of cells.

This package never imports torch.
"""
