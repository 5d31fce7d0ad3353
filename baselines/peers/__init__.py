"""Adapters for public packages, one per file."""
