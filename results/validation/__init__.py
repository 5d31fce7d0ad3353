"""Checks of submitted records."""
