"""The Python API of runs and trained models: the same plan, engine and store as the command."""
