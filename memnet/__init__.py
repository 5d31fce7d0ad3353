"""The MemNet model: slots joined by a Hebbian graph.

Imports torch alone; start at :mod:`memnet.model`.
"""
