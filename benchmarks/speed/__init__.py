"""Speed, measured side by side: the same work by several loops, in one run, in seconds of the processor."""
