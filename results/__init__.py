"""What a run leaves: cells, records, the store, and the numbers computed from them.

Never imports torch.
"""
