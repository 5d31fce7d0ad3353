"""Task shifts, on Avalanche."""
