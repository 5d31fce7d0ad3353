"""Traces: what a memory wrote, read, linked, merged and evicted, as a table of events."""
