"""MemNet's persistent memory on Avalanche: plugin, strategy, wrapper."""
