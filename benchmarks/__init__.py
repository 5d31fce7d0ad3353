"""The benchmarks, and the machinery that plans, tunes and runs them."""
