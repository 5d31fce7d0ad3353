"""Adapters around public packages, a file each."""
