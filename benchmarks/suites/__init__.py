"""Named sets of benchmarks, models, methods and seeds, a file each."""
