"""Engines, which run cells on this machine or on a cluster."""
