"""Checks of records that others send in."""
