"""Learning rates, searched on a seed that is never reported."""
