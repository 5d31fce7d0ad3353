"""Runs the cells of a plan on an engine, and writes their records into the store."""
