"""Tests mirror the source folders."""
