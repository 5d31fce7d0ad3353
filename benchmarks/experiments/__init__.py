"""Experiments on research questions: small scripts, each with a page of results next to it."""
