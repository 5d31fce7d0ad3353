"""Metrics taken while a stream is learned."""
