"""Storage and rehearsal of past samples within a budget of bytes."""
