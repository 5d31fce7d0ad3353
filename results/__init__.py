"""Results of runs: cells, records, the store, and the statistics computed from them.

This package never imports torch.
"""
